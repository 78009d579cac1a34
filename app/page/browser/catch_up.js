import { walkBack } from './older_tasks.js'

/** Milliseconds after a reconnect in which live tasks are told; what wasn't is looked up then. */
const TOLD_WITHIN = 1500
/** Milliseconds until a walk that failed is tried again. */
const AGAIN = 5000

/**
 * Fills the gap that an outage leaves: the server tells only the live tasks and the most recent ones
 * to who reconnects. Owns the number of the connection, which all that is told during it is marked
 * with.
 */
export class CatchUp {
  generation = 0
  /** The last connection since which nothing is missing. */
  #whole = 1
  #store
  #take
  #older
  #timer

  /**
   * @param store the `TaskStore`
   * @param take takes what is read: `{ tasks, removed }`
   * @param older the `OlderTasks`
   */
  constructor(store, take, older) {
    this.#store = store
    this.#take = take
    this.#older = older
  }

  /** To be called whenever a connection is made. */
  connected() {
    this.generation++
    if (this.#store.size === 0) this.#whole = this.generation
    clearTimeout(this.#timer)
  }

  /** To be called when the first word of a connection has come. */
  heard() {
    if (this.generation > this.#whole) this.#in(TOLD_WITHIN)
  }

  #in(pause) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#walk(), pause)
  }

  /**
   * Tasks come in the order of their creation, so nothing is missing below one that was known before
   * the outage. Live ones that weren't told again are looked for further down: they have ended. What
   * should have been among all that and wasn't is gone.
   */
  async #walk() {
    const now = this.generation
    const store = this.#store
    let isBridged = false
    try {
      const { downTo, isEnough } = await walkBack((tasks) => {
        isBridged ||= store.knows(tasks, this.#whole)
        this.#take({ tasks }, now)
        const oldest = Date.parse(tasks.at(-1).createdAt)
        return now !== this.generation || (isBridged && !store.hasUnheard(now, oldest))
      })
      if (now !== this.generation) return
      this.#take({ tasks: [], removed: store.missing(now, downTo) })
      if (!isEnough) this.#older.restart()
      this.#whole = now
    } catch {
      if (now === this.generation) this.#in(AGAIN)
    }
  }
}
