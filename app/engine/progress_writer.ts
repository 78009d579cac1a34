import type { Run } from '#engine/run'
import type { TaskTable } from '#engine/task_table'
import type { Logger } from '@adonisjs/core/logger'

/**
 * The one batched write of progress (invariant 6). Owns which runs have something new; what could
 * not be written is written with the next batch.
 */
export class ProgressWriter {
  readonly #table: TaskTable
  readonly #logger: Logger
  readonly #unsaved = new Set<Run>()
  #saving: Promise<void> | undefined

  constructor(table: TaskTable, logger: Logger) {
    this.#table = table
    this.#logger = logger
  }

  note(run: Run): void {
    this.#unsaved.add(run)
  }

  forget(run: Run): void {
    this.#unsaved.delete(run)
  }

  /** Writes what all changed runs reported last, unless a write is under way. */
  async save(): Promise<void> {
    this.#saving ??= this.#write().finally(() => (this.#saving = undefined))
    return this.#saving
  }

  async #write(): Promise<void> {
    if (this.#unsaved.size === 0) return
    const runs = [...this.#unsaved]
    // All at once: a set that shrinks piece by piece is copied again and again.
    this.#unsaved.clear()
    try {
      const changed = runs.map(({ task, claim, live }) => ({
        seq: task.seq,
        claim,
        state: live.state,
      }))
      await this.#table.saveProgress(changed)
    } catch (error) {
      this.#logger.error({ err: error }, 'progress could not be written, trying again')
      for (const run of runs) if (!run.live.isSealed) this.#unsaved.add(run)
    }
  }
}
