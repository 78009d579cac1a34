import { storedTask, type StoredTask } from '#engine/stored_task'
import { now } from '#engine/task_state'
import { TaskGone } from '#engine/errors'
import type { FileStore } from '#engine/file_store'
import type { StoredFileData } from '#engine/stored_file'
import type { Database } from '@adonisjs/lucid/database'
import type { NewTask } from '#engine/task_table'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

/** What the task that is retried leaves to the new one … */
const taken = ['owner', 'type', 'input', 'fingerprint', 'checkpoint']
/** … and what only makes sense with a checkpoint to go on from. */
const reached = ['progress', 'message', 'current', 'total', 'unit']

/** A new task that goes on where a failed or cancelled one stopped. */
export interface Retry extends Pick<NewTask, 'id' | 'maxAttempts' | 'expiresAt'> {
  /** The task that is retried. */
  readonly of: string
  /** Its file, as the new one's own. */
  readonly file: StoredFileData | null
}

/** Makes the tasks that go on where others stopped. */
export class Retries {
  readonly #db: Database
  readonly #files: FileStore

  constructor(db: Database, files: FileStore) {
    this.#db = db
    this.#files = files
  }

  /** The file of a task, as the own one of another. Throws `TaskGone` when it is gone meanwhile. */
  async share(file: StoredFileData | null, taskId: string): Promise<StoredFileData | null> {
    try {
      return file && (await this.#files.share(file, taskId))
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new TaskGone() : error
    }
  }

  /** Queues the new task; the old one stays as it is. Throws `TaskGone` when that is gone meanwhile. */
  async insert(retry: Retry, trx?: TransactionClientContract): Promise<StoredTask> {
    const time = now()
    const own = {
      id: retry.id,
      file: retry.file && JSON.stringify(retry.file),
      status: 'queued',
      version: 1,
      max_attempts: retry.maxAttempts,
      expires_at: retry.expiresAt,
      retry_of: retry.of,
      created_at: time,
      updated_at: time,
    }
    const columns = [...Object.keys(own), ...taken, ...reached]
    const values = [
      ...Object.keys(own).map(() => '?'),
      ...taken,
      ...reached.map((name) => `case when checkpoint is not null then ${name} end`),
    ]
    const rows = await (trx ?? this.#db).rawQuery<Record<string, unknown>[]>(
      `insert into tasks (${columns.join(', ')})
       select ${values.join(', ')} from tasks
       where id = ? and status in ('failed', 'cancelled') returning *`,
      [...Object.values(own), retry.of]
    )
    if (!rows[0]) throw new TaskGone()
    return storedTask(rows[0])
  }
}
