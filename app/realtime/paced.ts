import { setTimeout } from 'node:timers/promises'

/**
 * Work that many may ask for at once: one run at a time, and a pause between the starts of two.
 * Whoever asks while one is under way shares the next, which starts after he asked.
 */
export class Paced {
  readonly #work: () => Promise<void>
  readonly #interval: number
  #startedAt = -Infinity
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  /** @param interval milliseconds from one start to the next, at least */
  constructor(interval: number, work: () => Promise<void>) {
    this.#work = work
    this.#interval = interval
  }

  /** Settles as the run does that started after this call. */
  run(): Promise<void> {
    return (this.#next ??= this.#turn())
  }

  async #turn(): Promise<void> {
    await this.#running.catch(() => {})
    const wait = this.#startedAt + this.#interval - performance.now()
    if (wait > 0) await setTimeout(wait, undefined, { ref: false })
    this.#next = undefined
    this.#startedAt = performance.now()
    await (this.#running = this.#work())
  }
}
