import { Cut } from '#engine/cut'
import { Runner } from '#engine/runner'
import { recover } from '#engine/recovery'
import { randomUUID } from 'node:crypto'
import { Commits } from '#engine/commits'
import { isTerminal } from '#engine/status'
import { stateOf } from '#engine/task_state'
import { FileStore, type IncomingFile } from '#engine/file_store'
import { milliseconds } from '#engine/duration'
import { persistForClient } from '#engine/trouble'
import { fingerprint } from '#engine/fingerprint'
import { Retention } from '#engine/retention'
import { Runners } from '#engine/runners'
import { TaskLogs } from '#engine/task_logs'
import { TaskFiles } from '#engine/task_files'
import { TaskLogTable } from '#engine/task_log_table'
import type { Disk } from '@adonisjs/drive'
import { entryOf } from '#engine/timeline'
import type Task from '#models/task'
import type { TaskTypes } from '#engine/task_types'
import { errors as vineErrors } from '@vinejs/vine'
import type { Logger } from '@adonisjs/core/logger'
import { TaskReader, type KnownTask } from '#engine/task_reader'
import { StoredFile } from '#engine/stored_file'
import { TaskTable, type Page } from '#engine/task_table'
import { EngineStopping, QueueFull } from '#engine/errors'
import type { Database } from '@adonisjs/lucid/database'
import { setImmediate } from 'node:timers/promises'

/** Milliseconds between two looks at what other processes left: taken over within 5 s. */
const LOOK = 2000

export type { KnownTask } from '#engine/task_reader'

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

export interface StartRequest {
  readonly owner: string
  readonly type: string
  readonly input: unknown
  /** Chosen by the client, else made here. */
  readonly id?: string
  readonly file?: IncomingFile
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
  readonly #listeners = new Set<(cut: Cut) => void>()
  /** No more than this many tasks wait. */
  #mayWait = 0
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
    this.#retention = new Retention({
      db,
      logger,
      files: this.taskFiles,
      keepFor: options.retention,
    })
    this.#runner = new Runner({
      id: this.#runners.id,
      isBusy: () => this.#runners.isBusy,
      table: this.#table,
      types,
      logger,
      concurrency,
      files: this.files,
      taskFiles: this.taskFiles,
      logs: this.logs,
      commits: new Commits(db, this.#table, logger),
      tell: (cut) => this.#tell(cut),
    })
    this.#reader = new TaskReader(this.#table, this.#runner, this.#runners)
  }

  /**
   * Hears of every cut, in the order of versions of each task, at once and in the same tick. A
   * terminal one is in the table by then. A listener must not throw. Gives the way to stop.
   */
  listen(listener: (cut: Cut) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
    this.#mayWait = await this.#table.countQueued()
    this.#runner.begin()
    this.#retention.begin()
    this.#timer = setInterval(() => void this.#look(), LOOK)
    this.#timer.unref()
  }

  /** Asks running tasks to stop, waits for them up to `grace` ms, and lets go of the lock. */
  async stop(grace: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    clearInterval(this.#timer)
    await this.#retention.stop()
    await this.#runner.stop(grace)
    await this.files.close()
    await this.#runners.leave({ hasTasks: this.#runner.size > 0 })
  }

  get isStopping(): boolean {
    return this.#stopping
  }

  /**
   * Makes a task. It is in the table when this returns. The same id with the same body again gives
   * the task as it is. A file that was handed in is the task's, or gone.
   *
   * Throws `UnknownTaskType`, Vine's validation error (fields named `input.…`), `TaskIdTaken`, `TaskGone`,
   * `QueueFull`, `EngineStopping`.
   */
  async start(request: StartRequest): Promise<{ task: KnownTask; isNew: boolean }> {
    try {
      if (this.#stopping) throw new EngineStopping()
      await this.#validate(request)
      if (request.id) await this.#retention.refuseTaken(request.id, request.owner)
      // One that is there already answers as it is, however many wait.
      if (!request.id || !(await this.#table.find(request.id))) await this.#checkRoom()
      return await this.#insert(request)
    } finally {
      if (request.file) await this.files.discard(request.file)
    }
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

  /** The newest cuts of many tasks, whoever owns them, in one read. Unknown ids are left out. */
  async cutsOf(ids: readonly string[]): Promise<Cut[]> {
    const known = await this.#reader.findMany(ids)
    return known.map(({ cut }) => cut)
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
    if (!before || isTerminal(before.cut.snapshot.status)) return before

    const { task, wasWaiting } = await persistForClient(() => this.#table.requestCancel(id))
    if (task && wasWaiting) this.#tell(new Cut(stateOf(task)))
    // A claim that was under way has reached its run by the next turn.
    if (!this.#runner.find(id)) await setImmediate()
    const wish = task?.cancelRequestedAt?.toUTC().toISO()
    if (wish) this.#runner.find(id)?.cancel(wish)
    return this.find(id, owner)
  }

  async #insert(request: StartRequest): Promise<{ task: KnownTask; isNew: boolean }> {
    const id = request.id ?? randomUUID()
    const file = request.file ? await this.files.keep(request.file, id) : null
    const { attempts, expires } = this.types.get(request.type)
    let isNew = false
    try {
      const row = {
        id,
        owner: request.owner,
        type: request.type,
        input: request.input,
        file,
        fingerprint: fingerprint([request.type, request.input, file?.sha256 ?? null]),
        maxAttempts: attempts,
        expiresAt: expires && new Date(Date.now() + milliseconds(expires)).toISOString(),
      }
      const inserted = await persistForClient(() => this.#table.insert(row))
      isNew = inserted.isNew
      const task = await this.#reader.known(inserted.task)
      if (isNew) {
        this.#mayWait++
        this.#tell(task.cut)
        this.#runner.wake()
      }
      return { task, isNew }
    } finally {
      if (file && !isNew) await this.files.remove(file)
    }
  }

  async #validate({ type, input, file }: StartRequest): Promise<void> {
    const taskType = this.types.get(type)
    const opened = file && new StoredFile({ ...file, key: '' }, file.path)
    try {
      await taskType.input.validate(opened ? { ...(input as object), file: opened } : input)
    } catch (error) {
      if (!(error instanceof vineErrors.E_VALIDATION_ERROR)) throw error
      throw new vineErrors.E_VALIDATION_ERROR(
        error.messages.map((message: { field: string }) => ({
          ...message,
          field: message.field === 'file' ? 'file' : `input.${message.field}`,
        }))
      )
    }
  }

  /** Counts only when the last count and what came since may have reached the limit. */
  async #checkRoom(): Promise<void> {
    const { maxQueued } = this.#options
    if (this.#mayWait >= maxQueued) this.#mayWait = await this.#table.countQueued()
    if (this.#mayWait >= maxQueued) throw new QueueFull(maxQueued)
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
    for (const task of changed) this.#tell(new Cut(stateOf(task)))
    if (changed.length > 0) {
      this.#options.logger.warn({ tasks: changed.length }, 'tasks were recovered or have expired')
      await this.#tidy(changed)
    }
  }

  /** Says in the logs of tasks what became of them, and removes what their dead runs left. */
  async #tidy(changed: readonly Task[]): Promise<void> {
    for (const task of changed) {
      const entry = entryOf(stateOf(task))
      if (entry) this.logs.open(task).add(entry.level, entry.message)
    }
    await this.logs.save()
    await this.taskFiles.sweep()
  }

  #tell(cut: Cut): void {
    for (const listener of this.#listeners) listener(cut)
  }
}
