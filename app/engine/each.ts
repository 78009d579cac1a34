import { setImmediate } from 'node:timers/promises'

/** Milliseconds of work after which the event loop is let breathe. */
const BREATH = 10

/** When the event loop is known to have turned last: for all tasks, as it is one loop. */
let breathed = performance.now()

/** Notes that the event loop has turned. */
export function hasBreathed(): void {
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
 * breathe. Closes what it goes through when it is left early, as a generator would; it is none,
 * since that takes several promises an item.
 */
export class Each<T> implements AsyncIterableIterator<T, void, undefined> {
  readonly #items: Iterator<T> | AsyncIterator<T>
  readonly #options: EachOptions<T>
  #current: IteratorYieldResult<T> | undefined

  constructor(items: Iterable<T> | AsyncIterable<T>, options: EachOptions<T>) {
    const isAsync = Symbol.asyncIterator in items
    this.#items = isAsync ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
    this.#options = options
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, void>> {
    try {
      if (this.#current) this.#options.done(this.#current.value)
      this.#current = undefined
      if (performance.now() - breathed >= BREATH) {
        await setImmediate()
        hasBreathed()
      }
      const step = this.#items.next()
      const item = step instanceof Promise ? await step : step
      this.#options.check()
      if (item.done) return { done: true, value: undefined }
      // Promises in a plain list are waited for, as `for await` does.
      const value = item.value instanceof Promise ? await item.value : item.value
      return (this.#current = { value })
    } catch (error) {
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#current = undefined
    await this.#items.return?.()
    return { done: true, value: undefined }
  }
}
