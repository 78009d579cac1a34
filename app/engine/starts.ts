import { persistForClient } from '#engine/trouble'
import type { NewTask, TaskTable } from '#engine/task_table'

interface Start {
  readonly task: NewTask
  readonly started: PromiseWithResolvers<number | null>
}

/**
 * Writes the tasks that are started in the same turn of the event loop in one statement: under load a
 * commit for each costs more than all else of a start.
 */
export class Starts {
  readonly #table: TaskTable
  #waiting: Start[] = []

  constructor(table: TaskTable) {
    this.#table = table
  }

  /**
   * Gives the `seq` of the task once it is in the table, `null` when its id was there before. Throws
   * `StorageFull`, `DatabaseUnavailable`.
   */
  add(task: NewTask): Promise<number | null> {
    const started = Promise.withResolvers<number | null>()
    if (this.#waiting.length === 0) setImmediate(() => void this.#write())
    this.#waiting.push({ task, started })
    return started.promise
  }

  async #write(): Promise<void> {
    const starts = this.#waiting
    this.#waiting = []
    try {
      const tasks = starts.map(({ task }) => task)
      const seqs = await persistForClient(() => this.#table.insert(tasks))
      for (const { task, started } of starts) {
        started.resolve(seqs.get(task.id) ?? null)
        // A second one of the same id comes too late.
        seqs.delete(task.id)
      }
    } catch (error) {
      for (const { started } of starts) started.reject(error)
    }
  }
}
