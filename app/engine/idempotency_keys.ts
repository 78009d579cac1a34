import { transact } from '#engine/transact'
import { fingerprint } from '#engine/fingerprint'
import type { StoredTask } from '#engine/stored_task'
import type { Inserted, TaskTable } from '#engine/task_table'
import type { Database } from '@adonisjs/lucid/database'
import { IdempotencyKeyReused, TaskGone } from '#engine/errors'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

/** Milliseconds for which a key is remembered: a day. */
const REMEMBERED = 24 * 60 * 60 * 1000

type Trx = TransactionClientContract

/** A request that its owner may repeat under a key. */
export interface KeyedRequest {
  readonly owner: string
  readonly key: string
  /** SHA-256 of the request: tells a repeated one from another one. */
  readonly fingerprint: string
}

/** A request under a key. */
export function keyed(by: { owner: string; key: string }, request: unknown): KeyedRequest {
  return { ...by, fingerprint: fingerprint(request) }
}

/**
 * Which task a request has made under its key (`Idempotency-Key`, the IETF draft). Guarantees that
 * the same request makes one task, however often and from how many processes at once: the key and
 * the task are stored in one transaction. Costs no query where there is no key.
 */
export class IdempotencyKeys {
  readonly #db: Database
  readonly #table: TaskTable

  constructor(db: Database, table: TaskTable) {
    this.#db = db
    this.#table = table
  }

  /** What the request has made before. Throws `IdempotencyKeyReused`, `TaskGone`. */
  async find(request: KeyedRequest | null): Promise<StoredTask | null> {
    return request && this.#find(request, undefined)
  }

  /**
   * Has a task inserted, and notes the key with it; gives the task that the same request has made
   * before, if it has. Throws `IdempotencyKeyReused`, `TaskGone`, and what `insert` throws.
   */
  async insert(
    request: KeyedRequest | null,
    taskId: string,
    insert: (trx?: Trx) => Promise<Inserted>
  ): Promise<Inserted> {
    if (!request) return insert()
    return transact(this.#db, async (trx) => {
      if (await this.#take(request, taskId, trx)) return insert(trx)
      const task = await this.#find(request, trx)
      if (!task) throw new IdempotencyKeyReused()
      return { task, isNew: false }
    })
  }

  /** Forgets some of the keys that are old enough. Gives how many. */
  async sweep(limit: number): Promise<number> {
    const old = this.#db
      .from('idempotency_keys')
      .where('expires_at', '<=', new Date().toISOString())
      .orderBy('expires_at')
      .limit(limit)
      .select('owner', 'key')
    return Number(await this.#db.from('idempotency_keys').whereIn(['owner', 'key'], old).delete())
  }

  async #find({ owner, key, ...request }: KeyedRequest, trx?: Trx): Promise<StoredTask | null> {
    const row = await (trx ?? this.#db)
      .from('idempotency_keys')
      .where({ owner, key })
      .where('expires_at', '>', new Date().toISOString())
      .select('fingerprint', 'task_id')
      .first()
    if (!row) return null
    if (row.fingerprint !== request.fingerprint) throw new IdempotencyKeyReused()
    const task = await this.#table.find(row.task_id, trx)
    if (!task) throw new TaskGone()
    return task
  }

  /** `false` where the key is another request's, or the same one's. */
  async #take(request: KeyedRequest, taskId: string, trx: Trx): Promise<boolean> {
    const now = Date.now()
    const rows = await trx
      .insertQuery()
      .table('idempotency_keys')
      .knexQuery.insert({
        ...request,
        task_id: taskId,
        expires_at: new Date(now + REMEMBERED).toISOString(),
      })
      .onConflict(['owner', 'key'])
      .merge()
      .where('idempotency_keys.expires_at', '<=', new Date(now).toISOString())
      .returning('task_id')
    return rows.length === 1
  }
}
