import type { Run } from '#engine/run'
import type { TaskTable } from '#engine/task_table'
import type { UnsavedProgress } from '#engine/progress_statements'
import type { Logger } from '@adonisjs/core/logger'
import { setImmediate } from 'node:timers/promises'

/** Rows of one write: a millisecond, in which no report is told. */
const AT_ONCE = 256

/**
 * The one batched write of progress (invariant 6). Owns which runs have something new; what could
 * not be written is written with the next batch.
 */
export class ProgressWriter {
  readonly #table: TaskTable
  readonly #logger: Logger
  /** Each once; one that was forgotten is no longer noted. A list: a set is built anew as it grows. */
  #unsaved: Run[] = []
  #saving: Promise<void> | undefined

  constructor(table: TaskTable, logger: Logger) {
    this.#table = table
    this.#logger = logger
  }

  note(run: Run): void {
    if (run.isNoted) return
    run.isNoted = true
    this.#unsaved.push(run)
  }

  forget(run: Run): void {
    run.isNoted = false
  }

  /** Writes what all changed runs reported last, unless a write is under way. */
  async save(): Promise<void> {
    this.#saving ??= this.#write().finally(() => (this.#saving = undefined))
    return this.#saving
  }

  async #write(): Promise<void> {
    const runs = this.#unsaved.filter(({ isNoted }) => isNoted)
    runs.sort((a, b) => a.task.seq - b.task.seq)
    for (const run of runs) run.isNoted = false
    this.#unsaved = []
    try {
      for (let from = 0; from < runs.length; from += AT_ONCE) {
        if (from > 0) await setImmediate()
        await this.#table.saveProgress(runs.slice(from, from + AT_ONCE).map(unsavedOf))
      }
    } catch (error) {
      this.#logger.error({ err: error }, 'progress could not be written, trying again')
      for (const run of runs) {
        run.live.hasNewLabels = true
        if (!run.live.isSealed) this.note(run)
      }
    }
  }
}

/** As of now; labels that change from here on are for the next write. */
function unsavedOf({ task, claim, live }: Run): UnsavedProgress {
  const { state, hasNewLabels } = live
  live.hasNewLabels = false
  return { seq: task.seq, claim, state, hasNewLabels }
}
