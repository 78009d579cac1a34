/** Milliseconds that requests may take of one turn of the event loop. */
const TURN = 10

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
    if (this.#waiting.length === 0 && at < this.#until) begin()
    else this.#waiting.push(begin)
  }

  readonly #next = async (): Promise<void> => {
    this.#until = undefined
    if (this.#waiting.length === 0) return
    const until = (this.#until = performance.now() + TURN)
    let begun = 0
    while (begun < this.#waiting.length && performance.now() < until) {
      this.#waiting[begun++]?.()
      // What it goes on with belongs to this turn.
      await undefined
    }
    this.#waiting.splice(0, begun)
    setImmediate(this.#next)
  }
}
