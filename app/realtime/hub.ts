import type { Cut } from '#engine/cut'
import { newsOf } from '#realtime/news'
import type { Engine } from '#engine/engine'
import type { Gone } from '#engine/retention'
import { channelOf } from '#engine/snapshot'
import type { LogLine, RunLog } from '#engine/run_log'
import type { ServerResponse } from 'node:http'
import { CatchUps } from '#realtime/catch_ups'
import { TaskLists } from '#realtime/task_lists'
import { AntiEntropy } from '#realtime/anti_entropy'
import type { Logger } from '@adonisjs/core/logger'
import { ChannelIndex } from '#realtime/channel_index'
import { TASK_LIST } from '#realtime/channels'
import type { EventStream } from '#realtime/event_stream'
import { Streams, type StreamLimits } from '#realtime/streams'

/** Milliseconds after the answer to a subscription at which the snapshot is sent once more. */
const ECHO = 250
/** Channels of one stream. */
const MOST_CHANNELS = 1000
/** Milliseconds between two rounds of care. */
const CARE = 1000

/**
 * Who watches what. Hands each cut to the watchers of its task.
 *
 * Guarantees: a subscription is answered with a snapshot that was read after it took effect
 * (invariant 4); whoever may not see a task gets nothing of it, also when he subscribed before it
 * existed.
 */
export class Hub {
  readonly streams: Streams
  readonly #engine: Engine
  readonly #logger: Logger
  readonly #index = new ChannelIndex()
  readonly #lists: TaskLists
  readonly #catchUps: CatchUps
  readonly #antiEntropy = new AntiEntropy()
  #stopListening: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(engine: Engine, logger: Logger, limits: StreamLimits) {
    this.#engine = engine
    this.#logger = logger
    this.#lists = new TaskLists(engine)
    this.#catchUps = new CatchUps({
      engine,
      logger,
      index: this.#index,
      send: (cut, stream) => this.#send(cut, stream),
    })
    this.streams = new Streams(limits, (stream) => this.#closed(stream))
    engine.follow(() => ({
      ids: this.#index.channels().flatMap(({ taskId }) => taskId ?? []),
      all: this.#index.subscribers(TASK_LIST).size > 0,
    }))
  }

  /** Begins to hand out cuts. */
  open(): void {
    this.#stopListening = [
      this.#engine.listen((cut) => this.#deliver(cut)),
      this.#engine.listenGone((gone) => this.forget(gone)),
      this.#engine.logs.listen((log, line) => this.#tellLine(log, line)),
    ]
    this.#timer = setInterval(() => {
      this.streams.tend()
      void this.repeat()
    }, CARE)
    this.#timer.unref()
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.#timer)
    for (const stop of this.#stopListening) stop()
    this.streams.drain()
  }

  /** Whether a stream may be subscribed to this channel too, given those that are being decided. */
  hasRoom(stream: EventStream, channel: string): boolean {
    const channels = this.#index.channelsOf(stream)
    return channels.has(channel) || channels.size + stream.joining < MOST_CHANNELS
  }

  /**
   * Subscribes a stream and sends it the snapshot; once more when the answer to the subscription is
   * out, for a client that adds its handler only then.
   */
  async subscribe(stream: EventStream, channel: string, answer: ServerResponse): Promise<void> {
    this.#antiEntropy.watched(this.#index.add(channel, stream))
    if (!stream.isOn(answer)) this.echo(stream, channel, answer)
    await this.catchUp(stream, channel)
  }

  unsubscribe(stream: EventStream, channel: string): void {
    this.#index.remove(channel, stream)
    if (channel === TASK_LIST) this.#lists.drop(stream)
  }

  /**
   * Takes what was handed to Transmit, here or in another process. Whoever has not been seen to be
   * allowed to watch the task gets a snapshot of it instead, if he is.
   */
  broadcast(channel: string, payload: unknown, except: readonly string[] = []): void {
    const news = channel === TASK_LIST ? null : newsOf(channel, payload)
    if (!news) return this.#logger.warn({ channel }, 'a broadcast that is no snapshot was dropped')
    for (const stream of this.#index.subscribers(channel)) {
      if (stream.uid && except.includes(stream.uid)) continue
      if (!news.snapshot || stream.knows(channel)) stream.send(channel, news)
      else void this.catchUp(stream, channel)
    }
  }

  /** Lets go of the watchers of tasks that are no more. */
  forget(gone: readonly Gone[]): void {
    for (const { id } of gone) {
      for (const stream of [...this.#index.subscribers(channelOf(id))]) {
        this.#index.remove(channelOf(id), stream)
        stream.endOfTask()
      }
    }
    this.#lists.remove(gone)
  }

  /** The streams that are subscribed to a channel, by their uids. */
  subscribers(channel: string): string[] {
    return [...this.#index.subscribers(channel)].flatMap(({ uid }) => uid ?? [])
  }

  /** Tells again what a lossy bus may have dropped (invariant 9). */
  async repeat(): Promise<void> {
    const due = this.#antiEntropy.next()
    if (due.some(({ name }) => name === TASK_LIST)) {
      for (const stream of this.#lists.beat()) void this.catchUp(stream, TASK_LIST)
    }
    try {
      const cuts = await this.#engine.cutsOf(due.flatMap(({ taskId }) => taskId ?? []))
      for (const cut of cuts) {
        const channel = this.#index.find(cut.channel)
        if (!channel) continue
        for (const stream of channel.streams) this.#send(cut, stream, 'again')
        this.#antiEntropy.told(channel, cut)
      }
    } catch (error) {
      this.#logger.error({ err: error }, 'no snapshots could be read to repeat them')
    }
  }

  /** Sends the newest there is to one stream, read after its subscription took effect. */
  protected async catchUp(stream: EventStream, channel: string): Promise<void> {
    if (!this.#index.has(channel, stream)) return
    if (channel !== TASK_LIST) return this.#catchUps.add(stream, channel)
    try {
      await this.#lists.tell(stream)
    } catch (error) {
      this.#logger.error({ err: error }, 'the list could not be read for a watcher')
    }
  }

  /** Sends it again once the answer to the subscription has gone out. */
  protected echo(stream: EventStream, channel: string, answer: ServerResponse): void {
    answer.once('close', () => {
      setTimeout(() => void this.catchUp(stream, channel), ECHO).unref()
    })
  }

  #deliver(cut: Cut): void {
    for (const stream of this.#index.subscribers(cut.channel)) this.#send(cut, stream)
    this.#lists.take(cut)
  }

  #tellLine({ id, owner }: RunLog, line: LogLine): void {
    for (const stream of this.#index.subscribers(channelOf(id))) {
      if (stream.owner === owner) stream.sendLine(line)
    }
  }

  #send(cut: Cut, stream: EventStream, how?: 'again'): void {
    const { channel } = cut
    if (stream.owner !== cut.owner) this.#index.remove(channel, stream)
    else if (how === 'again') stream.repeat(channel, cut)
    else stream.send(channel, cut)
  }

  #closed(stream: EventStream): string[] {
    const channels = [...this.#index.channelsOf(stream)]
    for (const channel of channels) this.unsubscribe(stream, channel)
    return channels
  }
}
