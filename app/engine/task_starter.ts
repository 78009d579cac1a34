import { randomUUID } from 'node:crypto'
import { Starts } from '#engine/starts'
import { now } from '#engine/task_state'
import { Retries } from '#engine/retries'
import { QueueRoom } from '#engine/queue_room'
import { milliseconds } from '#engine/duration'
import { fingerprint } from '#engine/fingerprint'
import { persistForClient } from '#engine/trouble'
import type { TaskStatus } from '#engine/status'
import type { Retention } from '#engine/retention'
import type { TaskTypes } from '#engine/task_types'
import type { StoredTask } from '#engine/stored_task'
import { errors as vineErrors } from '@vinejs/vine'
import { EngineStopping } from '#engine/errors'
import type { Database } from '@adonisjs/lucid/database'
import type { FileStore, IncomingFile } from '#engine/file_store'
import { StoredFile, type StoredFileData } from '#engine/stored_file'
import type { KnownTask, TaskReader } from '#engine/task_reader'
import type { Inserted, NewTask, TaskTable } from '#engine/task_table'
import { keyed, type IdempotencyKeys, type KeyedRequest } from '#engine/idempotency_keys'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

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

export interface TaskStarterOptions {
  readonly db: Database
  readonly table: TaskTable
  readonly types: TaskTypes
  readonly files: FileStore
  readonly reader: TaskReader
  readonly keys: IdempotencyKeys
  readonly retention: Retention
  readonly maxQueued: number
  readonly isStopping: () => boolean
  /** Hears of each new task; it is in the table by then. */
  readonly begun: (task: KnownTask) => void
}

/**
 * Makes tasks, of requests and of tasks that failed or were cancelled. Guarantees that what is asked
 * for twice is made once, that no more wait than may, and that a file is its task's or gone.
 */
export class TaskStarter {
  readonly #options: TaskStarterOptions
  readonly #starts: Starts
  readonly #retries: Retries
  readonly #room: QueueRoom

  constructor(options: TaskStarterOptions) {
    this.#options = options
    this.#starts = new Starts(options.table)
    this.#retries = new Retries(options.db, options.files)
    this.#room = new QueueRoom({
      limit: options.maxQueued,
      count: () => options.table.countQueued(),
    })
  }

  /** Counts the tasks that wait, of all processes. */
  count(): Promise<void> {
    return this.#room.count()
  }

  /** See `Engine.start`. */
  async start(request: StartRequest): Promise<Started> {
    try {
      if (this.#options.isStopping()) throw new EngineStopping()
      await this.#validate(request)
      const before = await this.#options.keys.find(keyedStart(request))
      if (before) return await this.#started({ task: before, isNew: false })
      if (request.id) await this.#options.retention.refuseTaken(request.id, request.owner)
      // One that is there already answers as it is, however many wait.
      const isThere = request.id !== undefined && (await this.#options.table.find(request.id))
      const insert = () => this.#insert(request)
      return await (isThere ? insert() : this.#room.take(insert))
    } finally {
      if (request.file) await this.#options.files.discard(request.file)
    }
  }

  /** See `Engine.retry`. */
  async retry(
    { of, owner, key }: { of: string; owner: string; key?: string | undefined },
    find: () => Promise<KnownTask | null>
  ): Promise<Started | { refused: TaskStatus } | null> {
    if (this.#options.isStopping()) throw new EngineStopping()
    const request = key === undefined ? null : keyed({ owner, key }, ['retry', of])
    const before = await this.#options.keys.find(request)
    if (before) return this.#started({ task: before, isNew: false })
    const old = await find()
    if (!old) return null
    const { status, type } = old.cut.snapshot
    if (status !== 'failed' && status !== 'cancelled') return { refused: status }

    const life = this.#lifeOf(type)
    return this.#room.take(async () => {
      const id = randomUUID()
      const file = await this.#retries.share(old.file, id)
      const insert = async (trx?: TransactionClientContract) => ({
        task: await this.#retries.insert({ id, of, file, ...life }, trx),
        isNew: true,
      })
      return this.#keep(file, async () =>
        this.#started(await persistForClient(() => this.#options.keys.insert(request, id, insert)))
      )
    })
  }

  async #insert(request: StartRequest): Promise<Started> {
    const { owner, type, input } = request
    const id = request.id ?? randomUUID()
    const file = request.file ? await this.#options.files.keep(request.file, id) : null
    return this.#keep(file, async () => {
      const print = bodyPrint(request)
      const life = this.#lifeOf(type)
      const row = { id, owner, type, input, file, fingerprint: print, createdAt: now(), ...life }
      const key = keyedStart(request)
      if (key) return this.#insertOnce(key, row)
      const seq = await this.#starts.add(row)
      return seq === null
        ? this.#started({ task: await this.#sameAs(row), isNew: false })
        : this.#tellStart(this.#options.reader.started(row, seq))
    })
  }

  /** Under a key. */
  async #insertOnce(key: KeyedRequest, row: NewTask): Promise<Started> {
    const insert = async (trx?: TransactionClientContract) => {
      const made = await this.#options.table.insert([row], trx)
      return { task: await this.#sameAs(row, trx), isNew: made.has(row.id) }
    }
    return this.#started(
      await persistForClient(() => this.#options.keys.insert(key, row.id, insert))
    )
  }

  /** The task that has the id, unless it is gone: it may have been deleted just now. */
  async #sameAs(row: NewTask, trx?: TransactionClientContract): Promise<StoredTask> {
    await this.#options.retention.refuseTaken(row.id, row.owner, trx)
    return this.#options.table.findSame(row, trx)
  }

  /** Keeps a file only if it has become that of a new task. */
  async #keep(file: StoredFileData | null, start: () => Promise<Started>): Promise<Started> {
    let isNew = false
    try {
      const started = await start()
      isNew = started.isNew
      return started
    } finally {
      if (file && !isNew) await this.#options.files.remove(file)
    }
  }

  async #started({ task, isNew }: Inserted): Promise<Started> {
    const known = await this.#options.reader.known(task)
    return isNew ? this.#tellStart(known) : { task: known, isNew }
  }

  #tellStart(task: KnownTask): Started {
    this.#options.begun(task)
    return { task, isNew: true }
  }

  /** What the type says of how often and how long. */
  #lifeOf(type: string): { maxAttempts: number; expiresAt: string | null } {
    const { attempts, expires } = this.#options.types.get(type)
    return {
      maxAttempts: attempts,
      expiresAt: expires && new Date(Date.now() + milliseconds(expires)).toISOString(),
    }
  }

  async #validate({ type, input, file }: StartRequest): Promise<void> {
    const taskType = this.#options.types.get(type)
    if (file) this.#options.types.checkFile(type)
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
}

/** The same for the same body, which is all but the id and the key. */
function bodyPrint({ type, input, file }: StartRequest): string {
  return fingerprint([type, input, file?.sha256 ?? null])
}

function keyedStart(request: StartRequest): KeyedRequest | null {
  const { owner, key, id } = request
  return key === undefined ? null : keyed({ owner, key }, ['start', id, bodyPrint(request)])
}
