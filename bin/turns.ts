import type { Duplex } from 'node:stream'

/** Milliseconds for which requests may begin as they arrive, and again after that, in each turn. */
const TURN = 10

/**
 * Lets what a rush of requests asks for begin in the order in which it came, so many in a turn of
 * the event loop that timers and sockets are not held up: thousands of clients that come back at
 * once would keep all others waiting until the last of them is served.
 *
 * One request of a connection waits at a time, which the next one pushes out: whoever sends many
 * without waiting for answers keeps nobody else, and is held up by what he is answered.
 */
export class Turns {
  readonly #waiting = new Map<Duplex, () => void>()
  /** When this turn is used up; `undefined` before its first request. */
  #until: number | undefined

  /** Begins it at once, or, when the turn is used up, in one of the next. */
  take(connection: Duplex, begin: () => void): void {
    const before = this.#waiting.get(connection)
    this.#waiting.delete(connection)
    before?.()
    const at = performance.now()
    if (this.#until === undefined) {
      this.#until = at + TURN
      setImmediate(this.#next)
    }
    if (this.#waiting.size === 0 && at < this.#until) begin()
    else this.#waiting.set(connection, begin)
  }

  readonly #next = async (): Promise<void> => {
    this.#until = undefined
    if (this.#waiting.size === 0) return
    const until = (this.#until = performance.now() + TURN)
    for (const [connection, begin] of this.#waiting) {
      this.#waiting.delete(connection)
      await finished(begin)
      if (performance.now() >= until) break
    }
    setImmediate(this.#next)
  }
}

/**
 * Begins it, outside of any promise, so that what it throws is treated as ever, and waits for all
 * that it can do without a socket or a file: that belongs to its turn.
 */
function finished(begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(begin)
    process.nextTick(resolve)
  })
}
