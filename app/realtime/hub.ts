import type { Cut } from '#engine/cut'
import type { Engine } from '#engine/engine'
import type { ServerResponse } from 'node:http'
import { channelOf } from '#engine/snapshot'
import { transmitFrame } from '#realtime/frame'
import type { Logger } from '@adonisjs/core/logger'
import { EventStream } from '#realtime/event_stream'
import { ChannelIndex } from '#realtime/channel_index'

/** Milliseconds between two keep-alives: below the 60 s at which common proxies give up. */
const KEEP_ALIVE = 15_000
/** Milliseconds after the answer to a subscription at which the snapshot is sent once more. */
const ECHO = 250

/**
 * Who watches what. Owns the open streams and hands each cut to the watchers of its task.
 *
 * Guarantees: a subscription is answered with a snapshot that was read after it took effect
 * (invariant 4); whoever may not see a task gets nothing of it, also when he subscribed before it
 * existed.
 */
export class Hub {
  readonly #engine: Engine
  readonly #logger: Logger
  readonly #index = new ChannelIndex()
  readonly #streams = new Map<string, EventStream>()
  #stopListening: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(engine: Engine, logger: Logger) {
    this.#engine = engine
    this.#logger = logger
  }

  /** Begins to hand out cuts. */
  open(): void {
    this.#stopListening = this.#engine.listen((cut) => this.#deliver(cut))
    this.#timer = setInterval(() => {
      for (const stream of this.#streams.values()) stream.keepAlive()
    }, KEEP_ALIVE)
    this.#timer.unref()
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.#timer)
    this.#stopListening?.()
    for (const stream of this.#streams.values()) stream.end()
  }

  /** The open stream with this uid. */
  find(uid: string): EventStream | undefined {
    return this.#streams.get(uid)
  }

  connect(uid: string, owner: string, response: ServerResponse): void {
    const stream = new EventStream(uid, owner, response)
    this.#streams.set(uid, stream)
    stream.retryAfter(reconnectDelay())
  }

  disconnect(uid: string, response: ServerResponse): void {
    const stream = this.#streams.get(uid)
    // A stream that came back under its uid meanwhile is another one.
    if (!stream?.isOn(response)) return
    this.#streams.delete(uid)
    this.#index.drop(stream)
  }

  /**
   * Subscribes a stream to a task and sends it the snapshot; once more when the answer to the
   * subscription is out, for a client that adds its handler only then.
   */
  async subscribe(uid: string, taskId: string, answer: ServerResponse): Promise<void> {
    const stream = this.#streams.get(uid)
    if (!stream) return
    this.#index.add(channelOf(taskId), stream)
    this.echo(stream, taskId, answer)
    await this.catchUp(stream, taskId)
  }

  unsubscribe(uid: string, taskId: string): void {
    const stream = this.#streams.get(uid)
    if (stream) this.#index.remove(channelOf(taskId), stream)
  }

  /** Sends the newest snapshot to one stream, read after its subscription took effect. */
  protected async catchUp(stream: EventStream, taskId: string): Promise<void> {
    const channel = channelOf(taskId)
    try {
      const cut = await this.#engine.cutOf(taskId)
      if (cut && this.#index.has(channel, stream)) this.#send(cut, stream)
    } catch (error) {
      this.#logger.error({ err: error, task: taskId }, 'no snapshot could be read for a watcher')
    }
  }

  /** Sends it again once the answer to the subscription has gone out. */
  protected echo(stream: EventStream, taskId: string, answer: ServerResponse): void {
    answer.once('close', () => {
      setTimeout(() => void this.catchUp(stream, taskId), ECHO).unref()
    })
  }

  #deliver(cut: Cut): void {
    for (const stream of this.#index.subscribers(channelOf(cut.id))) this.#send(cut, stream)
  }

  #send(cut: Cut, stream: EventStream): void {
    const channel = channelOf(cut.id)
    if (stream.owner === cut.owner) stream.send(channel, transmitFrame(cut))
    else this.#index.remove(channel, stream)
  }
}

/** 4–8 s: the stock client gives up after five errors, and not all come back at once. */
function reconnectDelay(): number {
  return Math.round(4000 + Math.random() * 4000)
}
