/** Milliseconds for which requests may begin as they arrive, and again after that, in each turn. */
const TURN = 10
/** Requests that may wait: whoever sends more without an end is held up by what they are answered. */
const MOST = 10_000

/**
 * Lets what a rush of requests asks for begin in the order in which it came, so many in a turn of
 * the event loop that timers and sockets are not held up: thousands of clients that come back at
 * once would keep all others waiting until the last of them is served.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  /** When this turn is used up; `undefined` before its first request. */
  #until: number | undefined

  /** Begins it at once, or, when the turn is used up, in one of the next. */
  take(begin: () => void): void {
    const at = performance.now()
    if (this.#until === undefined) {
      this.#until = at + TURN
      setImmediate(this.#next)
    }
    if (this.#waiting.length === 0 && at < this.#until) return begin()
    if (this.#waiting.push(begin) > MOST) this.#waiting.shift()?.()
  }

  readonly #next = async (): Promise<void> => {
    this.#until = undefined
    if (this.#waiting.length === 0) return
    const until = (this.#until = performance.now() + TURN)
    while (performance.now() < until) {
      const begin = this.#waiting.shift()
      if (!begin) break
      await finished(begin)
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
