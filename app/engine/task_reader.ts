import { Cut } from '#engine/cut'
import type { StoredTask } from '#engine/stored_task'
import { queued } from '#engine/task_state'
import { QUIET_AFTER } from '#engine/live_task'
import type { Runner } from '#engine/runner'
import type { Runners } from '#engine/runners'
import type { Snapshot } from '#engine/snapshot'
import type { StoredFileData } from '#engine/stored_file'
import type { NewTask, Page, TaskTable } from '#engine/task_table'

/** A task as it is known: the newest cut, and what it was started with. */
export interface KnownTask {
  readonly cut: Cut
  readonly input: unknown
  readonly file: StoredFileData | null
  /** Order of creation: what pages go by. */
  readonly seq: number
}

/**
 * Finds tasks. Guarantees that what is read is at least as new as what was told before: from memory
 * where the task runs here, else from the table.
 */
export class TaskReader {
  readonly #table: TaskTable
  readonly #runner: Runner
  readonly #runners: Runners

  constructor(table: TaskTable, runner: Runner, runners: Runners) {
    this.#table = table
    this.#runner = runner
    this.#runners = runners
  }

  async find(id: string): Promise<KnownTask | null> {
    const running = this.#running(id)
    if (running) return running
    const task = await this.#table.find(id)
    // What was read may be older than what was told since.
    return task ? this.known(task) : this.#running(id)
  }

  /** The newest cuts of those of many that exist, in one read at most. */
  async cutsOf(ids: readonly string[]): Promise<Cut[]> {
    const cuts: Cut[] = []
    const others: string[] = []
    for (const id of ids) {
      const run = this.#runner.find(id)
      if (run) cuts.push(run.live.cut)
      else others.push(id)
    }
    if (others.length === 0) return cuts
    const tasks = await this.#table.findMany(others)
    const known = await Promise.all(tasks.map((task) => this.known(task)))
    return [...cuts, ...known.map(({ cut }) => cut)]
  }

  /** Newest first. */
  async list(page: Page): Promise<KnownTask[]> {
    const tasks = await this.#table.list(page)
    return Promise.all(tasks.map((task) => this.known(task)))
  }

  /** A task that was just started here. */
  started(task: NewTask, seq: number): KnownTask {
    const { input, file } = task
    return this.#running(task.id) ?? { cut: new Cut(queued(task)), input, file, seq }
  }

  /** A task that was just read from the table. */
  async known(task: StoredTask): Promise<KnownTask> {
    const health = await this.#healthOf(task)
    return this.#running(task.id) ?? knownTask(task, new Cut(task, health))
  }

  #running(id: string): KnownTask | null {
    const run = this.#runner.find(id)
    return run ? knownTask(run.task, run.live.cut) : null
  }

  /** Of a task that runs in another process. */
  async #healthOf(task: StoredTask): Promise<Snapshot['health']> {
    if (task.status !== 'processing' || task.runnerId === null) return null
    if (task.runnerId === this.#runners.id) return 'active'
    const condition = await this.#runners.conditionOf(task.runnerId)
    if (condition !== 'active') return condition
    return Date.now() - Date.parse(task.updatedAt) >= QUIET_AFTER ? 'quiet' : 'active'
  }
}

function knownTask(task: StoredTask, cut: Cut): KnownTask {
  return { cut, input: task.input, file: task.file, seq: task.seq }
}
