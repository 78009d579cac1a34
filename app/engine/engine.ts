import { Cut } from '#engine/cut'
import { Runner } from '#engine/runner'
import { recover } from '#engine/recovery'
import { randomUUID } from 'node:crypto'
import { Commits } from '#engine/commits'
import { isTerminal, type TaskStatus } from '#engine/status'
import { Starts } from '#engine/starts'
import { now } from '#engine/task_state'
import { FileStore, type IncomingFile } from '#engine/file_store'
import { History } from '#engine/history'
import { milliseconds, within } from '#engine/duration'
import { persistForClient } from '#engine/trouble'
import { fingerprint } from '#engine/fingerprint'
import { Retention, type Gone } from '#engine/retention'
import { Retries } from '#engine/retries'
import { IdempotencyKeys, keyed, type KeyedRequest } from '#engine/idempotency_keys'
import { Runners } from '#engine/runners'
import { Elsewhere, type Interest } from '#engine/elsewhere'
import { TaskLogs } from '#engine/task_logs'
import { TaskFiles } from '#engine/task_files'
import { TaskLogTable } from '#engine/task_log_table'
import type { Disk } from '@adonisjs/drive'
import { entryOf } from '#engine/timeline'
import type { StoredTask } from '#engine/stored_task'
import type { TaskTypes } from '#engine/task_types'
import { errors as vineErrors } from '@vinejs/vine'
import type { Logger } from '@adonisjs/core/logger'
import { TaskReader, type KnownTask } from '#engine/task_reader'
import { StoredFile, type StoredFileData } from '#engine/stored_file'
import { TaskTable, type Inserted, type NewTask, type Page } from '#engine/task_table'
import { EngineStopping, QueueFull, TaskGone } from '#engine/errors'
import type { Database } from '@adonisjs/lucid/database'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'
import { setImmediate } from 'node:timers/promises'

/** Milliseconds between two looks at what other processes left: taken over within 5 s. */
const LOOK = 2000

/** Milliseconds, once the grace is over, for the last state to be written. */
const LAST_WRITES = 500

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
  /** Under which the owner may repeat the request (`Idempotency-Key`). */
  readonly key?: string
}

export interface Started {
  readonly task: KnownTask
  /** `false` for one that the same request has made before. */
  readonly isNew: boolean
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
  readonly #starts: Starts
  readonly #runner: Runner
  readonly #reader: TaskReader
  readonly #retention: Retention
  readonly #elsewhere: Elsewhere
  readonly #history: History
  readonly #keys: IdempotencyKeys
  readonly #retries: Retries
  readonly #listeners = new Set<(cut: Cut) => void>()
  readonly #goneListeners = new Set<(gone: readonly Gone[]) => void>()
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
    this.#starts = new Starts(this.#table)
    this.#history = new History(db, logger)
    this.#keys = new IdempotencyKeys(db, this.#table)
    this.#retries = new Retries(db, this.files)
    this.#retention = new Retention({
      db,
      logger,
      files: this.taskFiles,
      keys: this.#keys,
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
    this.#mayWait = await this.#table.countQueued()
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
  async start(request: StartRequest): Promise<Started> {
    try {
      if (this.#stopping) throw new EngineStopping()
      await this.#validate(request)
      const before = await this.#keys.find(keyedStart(request))
      if (before) return await this.#started({ task: before, isNew: false })
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
    if (!before || isTerminal(before.cut.snapshot.status)) return before

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
    if (this.#stopping) throw new EngineStopping()
    const request = key === undefined ? null : keyed({ owner, key }, ['retry', of])
    const before = await this.#keys.find(request)
    if (before) return this.#started({ task: before, isNew: false })
    const old = await this.find(of, owner)
    if (!old) return null
    const { status, type } = old.cut.snapshot
    if (status !== 'failed' && status !== 'cancelled') return { refused: status }

    const life = this.#lifeOf(type)
    await this.#checkRoom()
    const id = randomUUID()
    const file = await this.#retries.share(old.file, id)
    const insert = async (trx?: TransactionClientContract) => ({
      task: await this.#retries.insert({ id, of, file, ...life }, trx),
      isNew: true,
    })
    return this.#keep(file, async () =>
      this.#started(await persistForClient(() => this.#keys.insert(request, id, insert)))
    )
  }

  /**
   * Forgets a finished task and its files; its id stays taken. A live one stays as it is. Gives the
   * task as it was, `null` when this owner can't see it. Throws `TaskGone`.
   */
  async forget(id: string, owner: string): Promise<KnownTask | null> {
    const task = await this.find(id, owner)
    if (!task || !isTerminal(task.cut.snapshot.status)) return task
    if (!(await persistForClient(() => this.#retention.forget(id)))) throw new TaskGone()
    return task
  }

  async #insert(request: StartRequest): Promise<Started> {
    const { owner, type, input } = request
    const id = request.id ?? randomUUID()
    const file = request.file ? await this.files.keep(request.file, id) : null
    return this.#keep(file, async () => {
      const print = bodyPrint(request)
      const life = this.#lifeOf(type)
      const row = { id, owner, type, input, file, fingerprint: print, createdAt: now(), ...life }
      const key = keyedStart(request)
      if (key) return this.#insertOnce(key, row)
      const seq = await this.#starts.add(row)
      return seq === null
        ? this.#started({ task: await this.#sameAs(row), isNew: false })
        : this.#tellStart(this.#reader.started(row, seq))
    })
  }

  /** Under a key. */
  async #insertOnce(key: KeyedRequest, row: NewTask): Promise<Started> {
    const insert = async (trx?: TransactionClientContract) => {
      const made = await this.#table.insert([row], trx)
      return { task: await this.#sameAs(row, trx), isNew: made.has(row.id) }
    }
    return this.#started(await persistForClient(() => this.#keys.insert(key, row.id, insert)))
  }

  /** The task that has the id, unless it is gone: it may have been deleted just now. */
  async #sameAs(row: NewTask, trx?: TransactionClientContract): Promise<StoredTask> {
    await this.#retention.refuseTaken(row.id, row.owner, trx)
    return this.#table.findSame(row, trx)
  }

  /** Keeps a file only if it has become that of a new task. */
  async #keep(file: StoredFileData | null, start: () => Promise<Started>): Promise<Started> {
    let isNew = false
    try {
      const started = await start()
      isNew = started.isNew
      return started
    } finally {
      if (file && !isNew) await this.files.remove(file)
    }
  }

  async #started({ task, isNew }: Inserted): Promise<Started> {
    const known = await this.#reader.known(task)
    return isNew ? this.#tellStart(known) : { task: known, isNew }
  }

  #tellStart(task: KnownTask): Started {
    this.#mayWait++
    this.#tell(task.cut)
    this.#runner.wake()
    return { task, isNew: true }
  }

  /** What the type says of how often and how long. */
  #lifeOf(type: string): { maxAttempts: number; expiresAt: string | null } {
    const { attempts, expires } = this.types.get(type)
    return {
      maxAttempts: attempts,
      expiresAt: expires && new Date(Date.now() + milliseconds(expires)).toISOString(),
    }
  }

  async #validate({ type, input, file }: StartRequest): Promise<void> {
    const taskType = this.types.get(type)
    if (file) this.types.checkFile(type)
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

/** The same for the same body, which is all but the id and the key. */
function bodyPrint({ type, input, file }: StartRequest): string {
  return fingerprint([type, input, file?.sha256 ?? null])
}

function keyedStart(request: StartRequest): KeyedRequest | null {
  const { owner, key, id } = request
  return key === undefined ? null : keyed({ owner, key }, ['start', id, bodyPrint(request)])
}
