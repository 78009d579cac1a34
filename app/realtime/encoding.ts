import type { News } from '#realtime/news'
import type { LogLine } from '#engine/run_log'

/**
 * How news look on a stream: as Server-Sent Events, unless a subclass says otherwise. Guarantees
 * that news are encoded once for all watchers who are told of them in a row. Owns the newest frame
 * only: most tasks have one watcher, and their frames would fill the memory until the next.
 */
export abstract class Encoding {
  #newest: { news: News; channel: string; frame: string | Buffer } | undefined
  readonly contentType: string = 'text/event-stream'
  /** What no client sees, to keep proxies from giving up. */
  readonly keepAlive: string = ':\n\n'
  /** Whether a stream carries one task only: nothing is sent twice, and both end together. */
  abstract readonly isOfOneTask: boolean
  /** Milliseconds: the shortest time after which a client comes back; the longest is twice that. */
  protected abstract readonly comeback: number
  protected abstract encode(channel: string, news: News): string

  /** Text for the first who watches; bytes, which are written as they are, from the second on. */
  frame(channel: string, news: News): string | Buffer {
    const newest = this.#newest
    if (newest?.news !== news || newest.channel !== channel) {
      const frame = this.encode(channel, news)
      this.#newest = { news, channel, frame }
      return frame
    }
    if (typeof newest.frame === 'string') newest.frame = Buffer.from(newest.frame)
    return newest.frame
  }

  /** A line that a task has logged; `null` where this encoding carries none. */
  line(_line: LogLine): Buffer | null {
    return null
  }

  /** What a stream begins with: when to come back, should the connection be lost. */
  greeting(): string {
    return this.retry(this.comebackDelay())
  }

  /** Tells the client to come back after so many milliseconds. */
  retry(milliseconds: number): string {
    return `retry: ${milliseconds}\n\n`
  }

  /** When a client that is sent away may come back, in milliseconds; not all at once. */
  comebackDelay(): number {
    return Math.round(this.comeback * (1 + Math.random()))
  }
}
