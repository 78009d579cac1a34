import { call } from './api.js'

/** Milliseconds between two tries: doubled each time, up to the longest. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 30_000

/** The task types that the server has: asked for until they are there. */
export class TaskTypes {
  #onTypes
  #timer
  #pause = FIRST_PAUSE
  #isAsking = false
  #isKnown = false

  /** @param onTypes gets them, once */
  constructor(onTypes) {
    this.#onTypes = onTypes
    void this.ask()
  }

  /** Asks at once, unless they are known; to be called when a line is there again. */
  async ask() {
    if (this.#isKnown || this.#isAsking) return
    clearTimeout(this.#timer)
    this.#isAsking = true
    try {
      const { body } = await call('/task-types')
      this.#isKnown = true
      this.#onTypes(body.data)
    } catch {
      this.#timer = setTimeout(() => void this.ask(), this.#pause)
      this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2)
    } finally {
      this.#isAsking = false
    }
  }
}
