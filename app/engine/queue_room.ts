import { QueueFull } from '#engine/errors'

export interface QueueRoomOptions {
  /** How many tasks may wait. */
  readonly limit: number
  /** Counts those that wait, of all processes. */
  readonly count: () => Promise<number>
}

/**
 * Room for tasks that wait. Guarantees that of the starts of this process, however many at once, no
 * more succeed than there is room for. Counts only when the last count and what came since may have
 * reached the limit.
 */
export class QueueRoom {
  readonly #options: QueueRoomOptions
  /** How many waited at the last count. */
  #counted = 0
  /** How many were started since. */
  #started = 0
  /** How many are being started, and may be in the table or not. */
  #starting = 0
  #counting: Promise<void> | undefined

  constructor(options: QueueRoomOptions) {
    this.#options = options
  }

  count(): Promise<void> {
    return (this.#counting ??= this.#count().finally(() => (this.#counting = undefined)))
  }

  /**
   * Starts a task in a place that nobody else can get meanwhile, and that is free again unless a new
   * one was made. Throws `QueueFull`, and what `start` throws.
   */
  async take<T extends { readonly isNew: boolean }>(start: () => Promise<T>): Promise<T> {
    if (this.#isFull) await this.count()
    if (this.#isFull) throw new QueueFull(this.#options.limit)
    this.#starting++
    try {
      const started = await start()
      if (started.isNew) this.#started++
      return started
    } finally {
      this.#starting--
    }
  }

  get #isFull(): boolean {
    return this.#counted + this.#started + this.#starting >= this.#options.limit
  }

  async #count(): Promise<void> {
    const before = this.#started
    this.#counted = await this.#options.count()
    // Those that were started meanwhile may be counted or not.
    this.#started -= before
  }
}
