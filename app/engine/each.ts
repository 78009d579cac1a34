import { setImmediate } from 'node:timers/promises'

/** Milliseconds of work after which the event loop is let breathe. */
const BREATH = 10

/** When the event loop is known to have turned last: for all tasks, as it is one loop. */
let breathed = performance.now()

/** Notes that the event loop has turned just now. */
export function noteBreath(): void {
  breathed = performance.now()
}

interface EachOptions<T> {
  /** Throws when no further item shall be given, nor a good end. */
  readonly check: () => void
  /** Hears of each item that is done. */
  readonly done: (item: T) => void
}

/**
 * Goes through items one by one: an item is done when the next one is asked for. Lets the event loop
 * breathe. Waits for promises in a plain list, and closes what it goes through when it is left early,
 * as a generator would; it is none, since that takes several promises an item.
 */
export class Each<T> implements AsyncIterableIterator<T, void, undefined> {
  readonly #items: Iterator<T> | AsyncIterator<T>
  readonly #isAsync: boolean
  readonly #options: EachOptions<T>
  #current: IteratorYieldResult<T> | undefined
  #isOver = false

  constructor(items: Iterable<T> | AsyncIterable<T>, options: EachOptions<T>) {
    const later = (items as Partial<AsyncIterable<T>>)[Symbol.asyncIterator]?.()
    this.#isAsync = later !== undefined
    this.#items = later ?? (items as Iterable<T>)[Symbol.iterator]()
    this.#options = options
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#isOver) return over
    try {
      if (this.#current) this.#options.done(this.#current.value)
      this.#current = undefined
      if (performance.now() - breathed >= BREATH) {
        await setImmediate()
        noteBreath()
      }
      const step = this.#items.next()
      const item = this.#isAsync ? await step : (step as IteratorResult<T>)
      const value: T = !this.#isAsync && isThenable(item.value) ? await item.value : item.value
      this.#options.check()
      if (!item.done) return (this.#current = { value })
      this.#isOver = true
      return over
    } catch (error) {
      // What closing throws would hide why.
      await this.return().catch(() => {})
      throw error
    }
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#isOver = true
    this.#current = undefined
    await this.#items.return?.()
    return over
  }
}

const over: IteratorReturnResult<void> = { done: true, value: undefined }

function isThenable(value: unknown): value is PromiseLike<never> {
  return typeof (value as Partial<PromiseLike<never>> | null | undefined)?.then === 'function'
}
