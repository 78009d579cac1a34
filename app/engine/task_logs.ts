import type { StoredTask } from '#engine/stored_task'
import type { Logger } from '@adonisjs/core/logger'
import { RunLog, type LogLine } from '#engine/run_log'
import type { TaskLogTable } from '#engine/task_log_table'

type LineListener = (log: RunLog, line: LogLine) => void

/**
 * What tasks log: told at once to whoever listens, written in one batch a second, and before the
 * end of a run is told. Costs nothing for a task that logs nothing.
 */
export class TaskLogs {
  readonly #table: TaskLogTable
  readonly #logger: Logger
  readonly #unsaved = new Set<RunLog>()
  readonly #listeners = new Set<LineListener>()
  #saving: Promise<void> | undefined

  constructor(table: TaskLogTable, logger: Logger) {
    this.#table = table
    this.#logger = logger
  }

  /** Hears of every line that is logged in this process. Must not throw. Gives the way to stop. */
  listen(listener: LineListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The log of a run. */
  open(task: StoredTask): RunLog {
    return new RunLog(task, (log, line) => {
      this.#unsaved.add(log)
      for (const listener of this.#listeners) listener(log, line)
    })
  }

  /** The lines of a task behind `after`, those too that are yet to be written here. */
  async page(taskId: string, after: number, limit: number): Promise<LogLine[]> {
    const fresh = [...this.#unsaved].filter(({ id }) => id === taskId)
    const lines = new Map(fresh.flatMap((log) => log.unsaved).map((line) => [line.seq, line]))
    for (const line of await this.#table.page(taskId, after, limit)) lines.set(line.seq, line)
    return [...lines.values()]
      .filter(({ seq }) => seq > after)
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit)
  }

  /** Writes what a run has logged; what can't be written is written with the next batch. */
  async flush(log: RunLog): Promise<void> {
    // A write that is under way may have begun before the last line.
    if (!log.isSaved) await this.save()
    if (!log.isSaved) await this.save()
  }

  /** Writes all that was logged since the last time, unless a write is under way. */
  async save(): Promise<void> {
    if (this.#unsaved.size === 0) return
    this.#saving ??= this.#write().finally(() => (this.#saving = undefined))
    return this.#saving
  }

  async #write(): Promise<void> {
    const batch = [...this.#unsaved].map((log) => ({ log, lines: log.unsaved }))
    try {
      await this.#table.insert(batch)
      const over = batch.filter(({ log, lines }) => log.saved(lines)).map(({ log }) => log.id)
      for (const { log } of batch) if (log.isSaved) this.#unsaved.delete(log)
      await this.#table.prune(over)
    } catch (error) {
      this.#logger.error({ err: error }, 'logs of tasks could not be written, trying again')
    }
  }
}
