import { pass } from '#engine/landmarks'
import { transact } from '#engine/transact'
import { now } from '#engine/task_state'
import type { IdempotencyKeys } from '#engine/idempotency_keys'
import type { TaskFiles } from '#engine/task_files'
import type { Logger } from '@adonisjs/core/logger'
import { persistForClient } from '#engine/trouble'
import { TaskGone, TaskIdTaken } from '#engine/errors'
import type { StoredFileData } from '#engine/stored_file'
import type { Database } from '@adonisjs/lucid/database'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'
import { setTimeout } from 'node:timers/promises'

/** Tasks, or keys, that one transaction prunes: a few milliseconds of the one writing connection. */
const BATCH = 100
/** Milliseconds between two batches, in which others write. */
const PAUSE = 50
/** Milliseconds between two looks for what is old enough, at most. */
const LONGEST_PERIOD = 60_000

/** A task that is no more. */
export interface Gone {
  readonly id: string
  readonly owner: string
}

interface Buried extends Gone {
  readonly file: StoredFileData | null
}

export interface RetentionOptions {
  readonly db: Database
  readonly logger: Logger
  readonly files: TaskFiles
  readonly keys: IdempotencyKeys
  /** Milliseconds for which a finished task is kept. */
  readonly keepFor: number
  /** Hears of the tasks that are no more. */
  readonly tell: (gone: readonly Gone[]) => void
}

/**
 * Prunes finished tasks once they are old enough, or when their owner says so: the row, what hangs on
 * it, and its file. Owns the tombstones: the id stays taken. What was written into datasets stays.
 */
export class Retention {
  readonly #options: RetentionOptions
  readonly #stop = new AbortController()
  #pruning: Promise<void> | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  begin(): void {
    const { keepFor } = this.#options
    this.#pruning ??= this.#repeat(Math.max(1000, Math.min(keepFor, LONGEST_PERIOD)))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#pruning
  }

  /** Throws `TaskGone` for the owner of a pruned task, whose id it is. */
  async refuseGone(id: string, owner: string): Promise<void> {
    if ((await this.#ownerOf(id)) === owner) throw new TaskGone()
  }

  /** The same, and `TaskIdTaken` for everybody else: for who wants to use the id. */
  async refuseTaken(id: string, owner: string, trx?: TransactionClientContract): Promise<void> {
    const former = await this.#ownerOf(id, trx)
    if (former === owner) throw new TaskGone()
    if (former !== null) throw new TaskIdTaken(id)
  }

  /**
   * Prunes a finished task now. `false` when there is no such one. Throws `StorageFull`,
   * `DatabaseUnavailable`; then the task is as it was.
   */
  async forget(id: string): Promise<boolean> {
    const condition = 'id = ? and finished_at is not null'
    const gone = await persistForClient(() => this.#bury(condition, id))
    await this.#clear(gone)
    return gone.length === 1
  }

  async #ownerOf(id: string, trx?: TransactionClientContract): Promise<string | null> {
    const db = trx ?? this.#options.db
    const row = await db.from('tombstones').where('id', id).select('owner').first()
    return row?.owner ?? null
  }

  async #repeat(period: number): Promise<void> {
    const { signal } = this.#stop
    const { keys, logger } = this.#options
    while (!signal.aborted) {
      try {
        while (!signal.aborted && (await this.#pruneBatch()) === BATCH) await setTimeout(PAUSE)
        while (!signal.aborted && (await keys.sweep(BATCH)) === BATCH) await setTimeout(PAUSE)
      } catch (error) {
        logger.error({ err: error }, 'old tasks could not be pruned, trying again')
      }
      await setTimeout(period, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Gives how many are gone. */
  async #pruneBatch(): Promise<number> {
    const before = new Date(Date.now() - this.#options.keepFor).toISOString()
    const gone = await this.#bury('finished_at < ?', before)
    await this.#clear(gone)
    return gone.length
  }

  /** Takes some of the tasks for which the condition holds out of the table. Gives those. */
  #bury(condition: string, value: string): Promise<Buried[]> {
    return transact(this.#options.db, async (trx) => {
      // A write comes first; the tasks that are now gone are those that have a tombstone.
      await trx.rawQuery(
        `insert into tombstones (id, owner, gone_at)
         select id, owner, ? from tasks where ${condition} order by finished_at limit ${BATCH}
         on conflict do nothing`,
        [now(), value]
      )
      const tasks = await trx
        .from('tasks')
        .whereRaw(condition, [value])
        .orderBy('finished_at')
        .limit(BATCH)
        // The `+` keeps SQLite from going through all the tombstones that there are.
        .whereRaw('+id in (select id from tombstones)')
        .select('id', 'owner', 'file')
      const ids = tasks.map(({ id }) => id)
      if (ids.length === 0) return []
      await trx.from('tasks').whereIn('id', ids).delete()
      return tasks.map(({ id, owner, file }) => ({ id, owner, file: file && JSON.parse(file) }))
    })
  }

  /** Tells that tasks are gone, and removes their files. A crash leaves some to the next start. */
  async #clear(gone: readonly Buried[]): Promise<void> {
    if (gone.length === 0) return
    const { files, logger, tell } = this.#options
    pass('before-remove')
    tell(gone.map(({ id, owner }) => ({ id, owner })))
    try {
      await files.removeOf(gone)
    } catch (error) {
      logger.error({ err: error }, 'files of tasks that are gone are left until the next start')
    }
  }
}
