import { Turns } from '#engine/turns'
import { Outbox } from '#realtime/outbox'
import type { Readable } from 'node:stream'
import type { ServerResponse } from 'node:http'
import type { Encoding } from '#realtime/encoding'
import { EventStream, KEEP_ALIVE } from '#realtime/event_stream'
import { StickySubscriptions } from '#realtime/sticky_subscriptions'

/** Milliseconds after which a client that found no room may come back. */
const NO_ROOM = 30_000

export interface StreamLimits {
  readonly total: number
  readonly perClient: number
}

export interface Opening {
  readonly owner: string
  /** Whose streams are counted together; `null` for one that has no limit of its own. */
  readonly client: string | null
  readonly encoding: Encoding
  readonly uid?: string
}

/**
 * The open streams. Owns their uids, how many there may be, their care, and their end. Counts a
 * stream from its opening, before its head is out, to the close of its connection.
 */
export class Streams {
  readonly #limits: StreamLimits
  readonly #closed: (stream: EventStream) => readonly string[]
  readonly #sticky = new StickySubscriptions()
  /** Each looked after when it may need it. */
  readonly #open = new Turns<EventStream>()
  readonly #byUid = new Map<string, EventStream>()
  readonly #perClient = new Map<string, number>()
  readonly #outbox = new Outbox()
  #draining = false

  /** @param closed hears of each stream that was lost, and gives what it was subscribed to */
  constructor(limits: StreamLimits, closed: (stream: EventStream) => readonly string[]) {
    this.#limits = limits
    this.#closed = closed
  }

  /** The open stream with this uid. */
  find(uid: string): EventStream | undefined {
    return this.#byUid.get(uid)
  }

  /** Whose uid it is, also a short while after its stream was lost or sent away. */
  ownerOf(uid: string): string | undefined {
    return this.find(uid)?.owner ?? this.#sticky.ownerOf(uid)
  }

  /** What the streams that were lost or sent away a short while ago get when they come back. */
  get away(): Pick<StickySubscriptions, 'add' | 'remove'> {
    return this.#sticky
  }

  /** `null` when a stream may open now, else the milliseconds after which to come back. */
  wait({ encoding, client }: Opening): number | null {
    if (this.#draining) return encoding.comebackDelay()
    const isFull = this.#open.size >= this.#limits.total
    const own = client === null ? 0 : (this.#perClient.get(client) ?? 0)
    return isFull || own >= this.#limits.perClient ? NO_ROOM : null
  }

  /** Notes that a client has to wait for its stream: to it, it is open, and it subscribes. */
  sendAway(uid: string, owner: string): void {
    this.#sticky.remember(uid, owner, this.#sticky.take(uid))
  }

  /** Opens a stream on a response whose connection lives and whose head may be yet to come. */
  open(response: ServerResponse, { client, ...options }: Opening): EventStream {
    // The body ends with its connection: no chunk around each frame, a fifth less work for it.
    response.useChunkedEncodingByDefault = false
    const stream = new EventStream(response, { ...options, outbox: this.#outbox })
    this.#open.add(stream, KEEP_ALIVE)
    if (stream.uid) this.#byUid.set(stream.uid, stream)
    this.#count(client, 1)
    // One writer: of what Transmit pipes into the response nothing is ever to come.
    response.once('pipe', (source: Readable) => source.unpipe(response))
    response.on('close', () => {
      this.#open.delete(stream)
      if (stream.uid) this.#byUid.delete(stream.uid)
      this.#count(client, -1)
      const channels = this.#closed(stream)
      if (stream.uid) this.#sticky.remember(stream.uid, stream.owner, channels)
    })
    return stream
  }

  /** To be called once the head is out. Gives the channels that the uid had before. */
  begin(uid: string, response: ServerResponse): readonly string[] {
    const stream = this.find(uid)
    // A stream that came under the same uid meanwhile has no head yet.
    if (!stream?.isOn(response)) return []
    if (this.#draining) stream.end()
    else stream.begin()
    return this.#sticky.take(uid)
  }

  /** To be called every second. */
  tend(): void {
    const now = performance.now()
    this.#open.upToNow((stream) => stream.tend(now))
    this.#sticky.expire(now)
  }

  /** Ends all streams, and lets no more in. */
  drain(): void {
    this.#draining = true
    for (const stream of this.#open) stream.end()
  }

  #count(client: string | null, change: 1 | -1): void {
    if (client === null) return
    const count = (this.#perClient.get(client) ?? 0) + change
    if (count > 0) this.#perClient.set(client, count)
    else this.#perClient.delete(client)
  }
}
