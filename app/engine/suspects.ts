import type { Run } from '#engine/run'
import { ALONE_FOR } from '#engine/poison'

/** The suspect that runs here, if one does. Guarantees that no second one is taken beside it. */
export class Suspects {
  #running: Run | undefined

  noteStart(run: Run): void {
    if (run.isSuspect) this.#running = run
  }

  noteEnd(run: Run): void {
    if (this.#running === run) this.#running = undefined
  }

  /** Whether one runs here, from which others may have been kept. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Whether one runs beside which nothing may start yet. */
  get mustBeAlone(): boolean {
    if (!this.#running?.isSuspect) return false
    return Date.now() - Date.parse(this.#running.task.updatedAt) < ALONE_FOR
  }

  /** One that waits may be taken if it has done so since before then. */
  takenUntil({ isIdle }: { isIdle: boolean }): Date {
    if (isIdle) return new Date(Date.now() + ALONE_FOR)
    return new Date(this.#running?.isSuspect ? 0 : Date.now() - ALONE_FOR)
  }
}
