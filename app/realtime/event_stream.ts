import type { News } from '#realtime/news'
import type { LogLine } from '#engine/run_log'
import { isTerminal } from '#engine/status'
import type { Frame, Outbox } from '#realtime/outbox'
import type { Encoding } from '#realtime/encoding'
import type { Socket } from 'node:net'
import type { ServerResponse } from 'node:http'

/** Seconds without a write before a keep-alive: below the 60 s at which proxies give up. */
export const KEEP_ALIVE = 15
/** Seconds for which a reader may take nothing. */
const STALL_LIMIT = 30
/** Log lines that a reader may be behind; the newest stay. All of them are in the task's log. */
const PENDING_LINES = 100

export interface StreamOptions {
  readonly owner: string
  readonly encoding: Encoding
  readonly outbox: Outbox
  /** By which Transmit's clients name their stream. */
  readonly uid?: string
}

/**
 * One open response that carries news. Once its head is out this is its one writer: two would tear
 * each other's frames apart.
 *
 * Guarantees per channel that nothing older than what was sent goes out, and that a reader that
 * can't keep up holds at most one pending frame, the newest (invariants 4 and 5).
 */
export class EventStream {
  readonly uid: string | undefined
  readonly owner: string
  /** How many subscriptions are being decided. */
  joining = 0
  readonly #encoding: Encoding
  readonly #outbox: Outbox
  readonly #response: ServerResponse
  /** What is written to: the response would look at each frame and cork the socket for it. */
  readonly #socket: Socket
  readonly #versions = new Map<string, number>()
  /** What leaves at the end of this turn; let go of then, as frames that grow old cost much to collect. */
  #leaving: Frame[] | undefined
  /** News for a reader that has yet to catch up, by channel. Most have none, and there are thousands. */
  #pending: Map<string, News> | undefined
  #lines: Frame[] | undefined
  #isLast = false
  #isEnded = false
  #wroteAt = performance.now()

  /** @param response one whose turn on its connection has come */
  constructor(response: ServerResponse, { owner, encoding, outbox, uid }: StreamOptions) {
    const { socket } = response
    if (!socket) throw new Error('the connection is gone, or has another answer to give first')
    this.uid = uid
    this.owner = owner
    this.#encoding = encoding
    this.#outbox = outbox
    this.#response = response
    this.#socket = socket
    // It stays: the connection ends with this response.
    socket.on('drain', () => this.flush())
  }

  isOn(response: ServerResponse): boolean {
    return this.#response === response
  }

  get isOpen(): boolean {
    return !this.#isEnded && !this.#socket.destroyed
  }

  /** Whether the reader has yet to take what was written. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** After the head: tells the client how long to wait before it comes back. */
  begin(): void {
    if (this.isOpen) this.#write(this.#encoding.greeting())
  }

  /** Sends what was sent before once more, too: it may have been lost on the way (invariant 9). */
  repeat(channel: string, news: News): void {
    const isKnown = news.version !== null && this.#versions.get(channel) === news.version
    // To delete it, and set it again, would let the map be copied each time.
    if (isKnown) this.#versions.set(channel, 0)
    this.send(channel, news)
  }

  /** Sends news at the end of this turn, or keeps them until the reader has caught up. */
  send(channel: string, news: News): void {
    if (!this.isOpen || this.isStale(channel, news)) return
    if (news.version !== null) this.#versions.set(channel, news.version)
    if (this.#encoding.isOfOneTask && news.snapshot) this.#isLast = isTerminal(news.snapshot.status)
    if (this.isFull) (this.#pending ??= new Map()).set(channel, news)
    else this.#leave().push(this.#encoding.frame(channel, news))
  }

  /** Sends a log line before the news of this turn, where the encoding carries such lines. */
  sendLine(line: LogLine): void {
    const frame = this.isOpen && this.#encoding.line(line)
    if (!frame) return
    const lines = (this.#lines ??= [])
    if (lines.push(frame) > PENDING_LINES) lines.shift()
    if (!this.isFull) this.#leave()
  }

  /** Whether something newer was sent on this channel. */
  protected isStale(channel: string, { version }: News): boolean {
    if (version === null) return false
    const sent = this.#versions.get(channel) ?? 0
    return this.#encoding.isOfOneTask ? version <= sent : version < sent
  }

  /** Notes that the client has a version already. */
  has(channel: string, version: number): void {
    this.#versions.set(channel, version)
  }

  /** Whether the client has had something on this channel. */
  knows(channel: string): boolean {
    return this.#versions.has(channel)
  }

  /** Forgets a channel: what was sent on it no longer matters. */
  forget(channel: string): void {
    this.#versions.delete(channel)
    this.#pending?.delete(channel)
  }

  /** Writes what leaves in one piece, and what is pending if the reader has caught up. */
  flush(): void {
    let frames = this.#leaving
    this.#leaving = undefined
    if (!this.isOpen) return
    if (!this.isFull && (this.#lines || this.#pending)) {
      const pending = [...(this.#pending ?? [])]
      const late = pending.map(([channel, news]) => this.#encoding.frame(channel, news))
      frames = [...(this.#lines ?? []), ...(frames ?? []), ...late]
      this.#lines = this.#pending = undefined
    }
    if (frames?.length) this.#write(joined(frames))
    if (this.#isLast && !this.#pending?.size) this.#end()
  }

  /**
   * Keeps the connection alive, and cuts one that has stalled, also one that has ended and whose
   * reader does not take what is left. Gives the seconds after which to be called again.
   */
  tend(now: number): number {
    const silence = (now - this.#wroteAt) / 1000
    if (silence < KEEP_ALIVE) return Math.ceil(KEEP_ALIVE - silence)
    if (!this.#response.headersSent) return 1
    if (this.isOpen && !this.isFull) {
      this.#write(this.#encoding.keepAlive)
      return KEEP_ALIVE
    }
    if (silence >= STALL_LIMIT) this.#response.destroy()
    return 1
  }

  /** Ends a stream of one task that is no more, unless the end of the task is on its way. */
  endOfTask(): void {
    if (this.#encoding.isOfOneTask && !this.#isLast) this.end()
  }

  /** Ends the response in good order, and says when to come back. */
  end(): void {
    if (!this.#response.headersSent) return
    this.flush()
    if (this.isOpen) this.#end(this.#encoding.retry(this.#encoding.comebackDelay()))
  }

  /** Cuts the connection, and waits until it is gone. */
  async destroy(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#response.once('close', () => resolve())
    this.#response.destroy()
    await promise
  }

  #leave(): Frame[] {
    if (this.#leaving) return this.#leaving
    this.#outbox.add(this)
    return (this.#leaving = [])
  }

  #end(last?: Frame): void {
    this.#isEnded = true
    this.#response.end(last)
  }

  #write(text: Frame): void {
    this.#wroteAt = performance.now()
    this.#socket.write(text)
  }
}

/** One piece of many; most often there is one. */
function joined(frames: readonly Frame[]): Frame {
  const [first = ''] = frames
  if (frames.length === 1) return first
  return Buffer.concat(
    frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : frame))
  )
}
