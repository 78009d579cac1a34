import type { Cut } from '#engine/cut'
import { taskOf } from '#realtime/channels'
import type { Engine } from '#engine/engine'
import type { Logger } from '@adonisjs/core/logger'
import { setImmediate } from 'node:timers/promises'
import type { ChannelIndex } from '#realtime/channel_index'
import type { EventStream } from '#realtime/event_stream'

interface CatchUpOptions {
  readonly engine: Engine
  readonly logger: Logger
  readonly index: ChannelIndex
  readonly send: (cut: Cut, stream: EventStream) => void
}

/**
 * Sends the newest there is to whoever begins to watch a task. All who begin in the same turn of the
 * event loop share a read: a stream that comes back may have 1,000 channels.
 */
export class CatchUps {
  readonly #options: CatchUpOptions
  #behind = new Map<string, Set<EventStream>>()
  #next: Promise<void> | undefined

  constructor(options: CatchUpOptions) {
    this.#options = options
  }

  /** Settles once it was sent; it is read after this call. A read that fails is logged. */
  add(stream: EventStream, channel: string): Promise<void> {
    const streams = this.#behind.get(channel)
    if (streams) streams.add(stream)
    else this.#behind.set(channel, new Set([stream]))
    return (this.#next ??= this.#run())
  }

  async #run(): Promise<void> {
    await setImmediate()
    const { engine, index, logger } = this.#options
    const behind = this.#behind
    this.#behind = new Map()
    this.#next = undefined
    const watched = [...behind.keys()].filter((channel) => index.subscribers(channel).size > 0)
    try {
      const cuts = await engine.cutsOf(watched.flatMap((channel) => taskOf(channel) ?? []))
      const newest = new Map(cuts.map((cut) => [cut.channel, cut]))
      for (const channel of watched) this.#send(channel, newest.get(channel), behind.get(channel))
    } catch (error) {
      logger.error({ err: error }, 'no snapshots could be read for new watchers')
    }
  }

  #send(channel: string, cut: Cut | undefined, streams: Iterable<EventStream> = []): void {
    for (const stream of streams) {
      if (!this.#options.index.has(channel, stream)) continue
      if (cut) this.#options.send(cut, stream)
      // Where it is a task's own, the task was there when it opened.
      else stream.endOfTask()
    }
  }
}
