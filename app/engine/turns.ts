/** Seconds that a turn may be away. */
const LONGEST = 30

/** A place in the order; of one who was taken off the list nobody's. */
interface Turn<T> {
  whose: T | null
}

/**
 * Whose turn comes in which second: to look after thousands costs only those who are due. Plain lists,
 * of which each turn moves to another: sets would be built anew as they grow and shrink.
 */
export class Turns<T> {
  readonly #seconds = Array.from({ length: LONGEST + 1 }, (): Turn<T>[] => [])
  readonly #turnOf = new Map<T, Turn<T>>()
  #now = 0
  #at = performance.now()

  /** How many are on the list. */
  get size(): number {
    return this.#turnOf.size
  }

  /** All who are on the list. */
  [Symbol.iterator](): Iterator<T> {
    return this.#turnOf.keys()
  }

  has(whose: T): boolean {
    return this.#turnOf.has(whose)
  }

  /** Puts somebody on the list who isn't there: his turn comes in 1 to 30 seconds. */
  add(whose: T, seconds: number): void {
    const turn = { whose }
    this.#turnOf.set(whose, turn)
    this.#in(seconds).push(turn)
  }

  delete(whose: T): void {
    const turn = this.#turnOf.get(whose)
    if (turn) turn.whose = null
    this.#turnOf.delete(whose)
  }

  /**
   * To be called every second. Takes all whose turn has come since the last call, also when that was
   * long ago because the process was busy.
   */
  upToNow(take: (whose: T) => number | null): void {
    for (const now = performance.now(); this.#at + 1000 <= now; this.#at += 1000) this.next(take)
  }

  /**
   * Lets a second pass. `take` is given each whose turn it is, and tells in how many seconds it comes
   * again; `null` takes him off the list. It must not throw.
   */
  next(take: (whose: T) => number | null): void {
    this.#now++
    const due = this.#in(0).splice(0)
    for (const turn of due) {
      if (turn.whose === null) continue
      const seconds = take(turn.whose)
      if (seconds === null) this.delete(turn.whose)
      else this.#in(seconds).push(turn)
    }
  }

  #in(seconds: number): Turn<T>[] {
    return this.#seconds[(this.#now + seconds) % this.#seconds.length]
  }
}
