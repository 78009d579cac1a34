import type { Frame } from '#realtime/frame'
import type { ServerResponse } from 'node:http'

/**
 * One open SSE response. Once its head is out this is its one writer: two would tear each other's
 * frames apart.
 *
 * Guarantees per channel that no frame older than one already sent goes out, and that a reader that
 * can't keep up holds at most one pending frame, the newest (invariants 4 and 5).
 */
export class EventStream {
  readonly uid: string
  readonly owner: string
  readonly #response: ServerResponse
  readonly #versions = new Map<string, number>()
  readonly #pending = new Map<string, Frame>()

  constructor(uid: string, owner: string, response: ServerResponse) {
    this.uid = uid
    this.owner = owner
    this.#response = response
    response.on('drain', () => this.#flush())
  }

  isOn(response: ServerResponse): boolean {
    return this.#response === response
  }

  get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed
  }

  /** Sends a frame, or keeps it until the reader has caught up. */
  send(channel: string, frame: Frame): void {
    if (!this.isOpen || this.isStale(channel, frame)) return
    this.#versions.set(channel, frame.version)
    if (this.#response.writableNeedDrain) this.#pending.set(channel, frame)
    else this.#response.write(frame.text)
  }

  /** Whether a newer frame has gone out on this channel. */
  protected isStale(channel: string, frame: Frame): boolean {
    return frame.version < (this.#versions.get(channel) ?? 0)
  }

  /** Forgets a channel: what was sent on it no longer matters. */
  forget(channel: string): void {
    this.#versions.delete(channel)
    this.#pending.delete(channel)
  }

  /** Tells the client how long to wait before it reconnects (milliseconds). */
  retryAfter(milliseconds: number): void {
    if (this.isOpen) this.#response.write(`retry: ${milliseconds}\n\n`)
  }

  /** Keeps proxies and dead peers from going unnoticed. A comment: no client sees it. */
  keepAlive(): void {
    if (this.isOpen && !this.#response.writableNeedDrain) this.#response.write(':\n\n')
  }

  /** Ends the response in good order. */
  end(): void {
    if (this.isOpen) this.#response.end()
  }

  /** Cuts the connection, and waits until it is gone. */
  async destroy(): Promise<void> {
    if (this.#response.destroyed) return
    const closed = new Promise<void>((resolve) => this.#response.once('close', () => resolve()))
    this.#response.destroy()
    await closed
  }

  #flush(): void {
    const frames = [...this.#pending.values()]
    this.#pending.clear()
    if (this.isOpen && frames.length > 0) this.#response.write(frames.map((f) => f.text).join(''))
  }
}
