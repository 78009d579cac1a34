import { Cut } from '#engine/cut'
import { Runner } from '#engine/runner'
import { recover } from '#engine/recovery'
import { Commits } from '#engine/commits'
import { isTerminal, type TaskStatus } from '#engine/status'
import { FileStore } from '#engine/file_store'
import { History } from '#engine/history'
import { within } from '#engine/duration'
import { persistForClient } from '#engine/trouble'
import { Retention, type Gone } from '#engine/retention'
import { IdempotencyKeys } from '#engine/idempotency_keys'
import { Runners } from '#engine/runners'
import { Elsewhere, type Interest } from '#engine/elsewhere'
import { TaskLogs } from '#engine/task_logs'
import { TaskFiles } from '#engine/task_files'
import { TaskLogTable } from '#engine/task_log_table'
import type { Disk } from '@adonisjs/drive'
import { entryOf } from '#engine/timeline'
import type { StoredTask } from '#engine/stored_task'
import type { TaskTypes } from '#engine/task_types'
import type { Logger } from '@adonisjs/core/logger'
import { TaskReader, type KnownTask } from '#engine/task_reader'
import { TaskTable, type Page } from '#engine/task_table'
import { TaskGone } from '#engine/errors'
import { TaskStarter, type Started, type StartRequest } from '#engine/task_starter'
import type { Database } from '@adonisjs/lucid/database'
import { setImmediate } from 'node:timers/promises'

/** Milliseconds between two looks at what other processes left: taken over within 5 s. */
const LOOK = 2000

/** Milliseconds, once the grace is over, for the last state to be written. */
const LAST_WRITES = 500

export type { KnownTask } from '#engine/task_reader'
export type { Started, StartRequest } from '#engine/task_starter'

export interface EngineOptions {
  readonly db: Database
  readonly logger: Logger
  readonly types: TaskTypes
  /** The SQLite file. */
  readonly database: string
  /** Folder of the runners' lock files. */
  readonly lockFolder: string
  /** Folder of the uploaded files. */
  readonly storageFolder: string
  /** Where the files go that tasks leave behind. */
  readonly disk: Disk
  readonly concurrency: number
  readonly maxQueued: number
  /** Milliseconds for which a finished task is kept. */
  readonly retention: number
}

/**
 * Starts, finds, cancels and recovers tasks, and tells whoever listens of every cut. Knows no HTTP
 * and no SSE.
 */
export class Engine {
  readonly types: TaskTypes
  readonly files: FileStore
  readonly taskFiles: TaskFiles
  readonly logs: TaskLogs
  readonly #options: EngineOptions
  readonly #runners: Runners
  readonly #table: TaskTable
  readonly #runner: Runner
  readonly #reader: TaskReader
  readonly #retention: Retention
  readonly #elsewhere: Elsewhere
  readonly #history: History
  readonly #starter: TaskStarter
  readonly #listeners = new Set<(cut: Cut) => void>()
  readonly #goneListeners = new Set<(gone: readonly Gone[]) => void>()
  #stopping = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: EngineOptions) {
    const { db, logger, types, concurrency } = options
    this.#options = options
    this.types = types
    this.#runners = new Runners(options)
    this.files = new FileStore(options.storageFolder, this.#runners.id)
    this.taskFiles = new TaskFiles({ db, uploads: this.files, disk: options.disk })
    this.logs = new TaskLogs(new TaskLogTable(db), logger)
    this.#table = new TaskTable(db)
    this.#history = new History(db, logger)
    const keys = new IdempotencyKeys(db, this.#table)
    this.#retention = new Retention({
      db,
      logger,
      files: this.taskFiles,
      keys,
      keepFor: options.retention,
      tell: (gone) => this.#goneListeners.forEach((listener) => listener(gone)),
    })
    this.#runner = new Runner({
      id: this.#runners.id,
      isBusy: () => this.#runners.isBusy,
      table: this.#table,
      types,
      logger,
      concurrency,
      files: this.files,
      history: this.#history,
      taskFiles: this.taskFiles,
      logs: this.logs,
      commits: new Commits(db, this.#table, logger),
      tell: (cut) => this.#tell(cut),
    })
    this.#reader = new TaskReader(this.#table, this.#runner, this.#runners)
    this.#starter = new TaskStarter({
      db,
      types,
      keys,
      table: this.#table,
      files: this.files,
      reader: this.#reader,
      retention: this.#retention,
      maxQueued: options.maxQueued,
      isStopping: () => this.#stopping,
      begun: ({ cut }) => {
        this.#tell(cut)
        this.#runner.wake()
      },
    })
    this.#elsewhere = new Elsewhere({
      db,
      logger,
      read: (ids) => this.#reader.cutsOf(ids),
      isHere: (id) => this.#runner.find(id) !== undefined,
      tell: (cut) => this.#tell(cut),
    })
  }

  /**
   * Hears of every cut, in the order of versions of each task, at once and in the same tick. A
   * terminal one is in the table by then. A listener must not throw. Gives the way to stop.
   */
  listen(listener: (cut: Cut) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Hears of the tasks that this process has forgotten. Gives the way to stop. */
  listenGone(listener: (gone: readonly Gone[]) => void): () => void {
    this.#goneListeners.add(listener)
    return () => this.#goneListeners.delete(listener)
  }

  /**
   * Tells of what other processes do, too, as far as it is of interest: what is watched is asked
   * every second.
   */
  follow(interest: () => Interest): void {
    this.#elsewhere.follow(interest)
  }

  /** Takes over what dead processes left and sweeps up. To be over before the server listens. */
  async recover(): Promise<void> {
    await this.#takeOver()
    await this.#runners.sweep()
    await this.files.sweep(
      (runner) => this.#runners.isAlive(runner),
      (keys) => this.#table.keysInUse(keys)
    )
    await this.taskFiles.sweep()
  }

  /** Begins to take tasks, those first that have waited longest. */
  async begin(): Promise<void> {
    await this.#runners.enter()
    await this.#starter.count()
    await this.#history.load()
    this.#runner.begin()
    this.#retention.begin()
    await this.#elsewhere.begin()
    this.#timer = setInterval(() => void this.#look(), LOOK)
    this.#timer.unref()
  }

  /**
   * Asks running tasks to stop, at once, waits for them up to `grace` ms, and lets go of the lock.
   * Is over soon after that, whatever holds the database or a disk; recovery takes care of the rest.
   */
  async stop(grace: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    clearInterval(this.#timer)
    const stopped = Promise.all([
      this.#runner.stop(grace),
      this.#elsewhere.stop(),
      this.#retention.stop(),
    ])
    const left = stopped.then(async () => {
      await this.files.close()
      await this.#runners.leave({ hasTasks: this.#runner.size > 0 })
    })
    await within(grace + LAST_WRITES, left)
  }

  get isStopping(): boolean {
    return this.#stopping
  }

  /**
   * Makes a task. It is in the table when this returns. The same id or key with the same body again
   * gives the task as it is. A file that was handed in is the task's, or gone.
   *
   * Throws `UnknownTaskType`, Vine's validation error (fields named `input.…`), `TaskIdTaken`, `TaskGone`,
   * `IdempotencyKeyReused`, `QueueFull`, `EngineStopping`.
   */
  start(request: StartRequest): Promise<Started> {
    return this.#starter.start(request)
  }

  /**
   * The task, if this owner may see it: from memory where it runs here, else from the table. Throws
   * `TaskGone` for one that was pruned.
   */
  async find(id: string, owner: string): Promise<KnownTask | null> {
    const known = await this.#reader.find(id)
    if (!known) await this.#retention.refuseGone(id, owner)
    return known && known.cut.owner === owner ? known : null
  }

  /** The newest cut of a task, whoever owns it; the caller checks that. */
  async cutOf(id: string): Promise<Cut | null> {
    const known = await this.#reader.find(id)
    return known?.cut ?? null
  }

  /** The way of the attempt that runs here: milliseconds since its start, and progress. */
  wayOf(id: string): readonly (readonly [number, number])[] {
    return this.#runner.find(id)?.live.way ?? []
  }

  /** The newest cuts of many tasks, whoever owns them, in one read. Unknown ids are left out. */
  cutsOf(ids: readonly string[]): Promise<Cut[]> {
    return this.#reader.cutsOf(ids)
  }

  /** Newest first. */
  list(page: Page): Promise<KnownTask[]> {
    return this.#reader.list(page)
  }

  /**
   * Asks a task to stop. It is in the table when this returns. A queued one is cancelled at once; a
   * finished one stays as it is. `null` when this owner can't see it.
   */
  async cancel(id: string, owner: string): Promise<KnownTask | null> {
    const before = await this.find(id, owner)
    if (!before || isTerminal(before.cut.status)) return before

    const { task, wasWaiting } = await persistForClient(() => this.#table.requestCancel(id))
    if (task && wasWaiting) this.#tell(new Cut(task))
    // A claim that was under way has reached its run by the next turn.
    if (!this.#runner.find(id)) await setImmediate()
    const wish = task?.cancelRequestedAt
    if (wish) this.#runner.find(id)?.cancel(wish)
    return this.find(id, owner)
  }

  /**
   * Makes a new task that goes on where a failed or cancelled one stopped; the old one stays as it
   * is. The same key again gives the same new task. `refused` tells the status of one that can't be
   * retried, `null` that this owner can't see it.
   *
   * Throws `TaskGone`, `UnknownTaskType`, `IdempotencyKeyReused`, `QueueFull`, `EngineStopping`.
   */
  async retry(
    of: string,
    owner: string,
    key?: string
  ): Promise<Started | { refused: TaskStatus } | null> {
    return this.#starter.retry({ of, owner, key }, () => this.find(of, owner))
  }

  /**
   * Forgets a finished task and its files; its id stays taken. A live one stays as it is. Gives the
   * task as it was, `null` when this owner can't see it. Throws `TaskGone`.
   */
  async forget(id: string, owner: string): Promise<KnownTask | null> {
    const task = await this.find(id, owner)
    if (!task || !isTerminal(task.cut.status)) return task
    if (!(await this.#retention.forget(id))) throw new TaskGone()
    return task
  }

  /** What may have changed without this process: others die, tasks wait too long or come due. */
  async #look(): Promise<void> {
    try {
      await this.#takeOver()
      this.#runner.wake()
    } catch (error) {
      this.#options.logger.error({ err: error }, 'dead processes could not be looked for')
    }
  }

  async #takeOver(): Promise<void> {
    const changed = await recover(this.#table, this.#runners)
    for (const task of changed) this.#tell(new Cut(task))
    if (changed.length > 0) {
      this.#options.logger.warn({ tasks: changed.length }, 'tasks were recovered or have expired')
      await this.#tidy(changed)
    }
  }

  /** Says in the logs of tasks what became of them, and removes what their dead runs left. */
  async #tidy(changed: readonly StoredTask[]): Promise<void> {
    for (const task of changed) {
      const entry = entryOf(task)
      if (entry) this.logs.open(task).add(entry.level, entry.message)
    }
    await this.logs.save()
    await this.taskFiles.sweep()
  }

  #tell(cut: Cut): void {
    this.#elsewhere.noted(cut)
    for (const listener of this.#listeners) listener(cut)
  }
}
