/** Seconds that a turn may be away. */
const LONGEST = 30

/** Whose turn comes in which second: to look after thousands costs only those who are due. */
export class Turns<T> {
  readonly #seconds = Array.from({ length: LONGEST + 1 }, () => new Set<T>())
  readonly #secondOf = new Map<T, Set<T>>()
  #now = 0
  #at = performance.now()

  /** How many are on the list. */
  get size(): number {
    return this.#secondOf.size
  }

  /** All who are on the list. */
  [Symbol.iterator](): Iterator<T> {
    return this.#secondOf.keys()
  }

  has(whose: T): boolean {
    return this.#secondOf.has(whose)
  }

  /** Puts somebody on the list who isn't there: his turn comes in 1 to 30 seconds. */
  add(whose: T, seconds: number): void {
    const second = this.#in(seconds)
    second.add(whose)
    this.#secondOf.set(whose, second)
  }

  delete(whose: T): void {
    this.#secondOf.get(whose)?.delete(whose)
    this.#secondOf.delete(whose)
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
   * again; `null` takes him off the list.
   */
  next(take: (whose: T) => number | null): void {
    this.#now++
    const due = this.#in(0)
    for (const whose of due) {
      const seconds = take(whose)
      if (seconds === null) this.delete(whose)
      // Unless he was deleted meanwhile.
      else if (due.delete(whose)) this.add(whose, seconds)
    }
  }

  #in(seconds: number): Set<T> {
    return this.#seconds[(this.#now + seconds) % this.#seconds.length]
  }
}
