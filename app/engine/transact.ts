import type { Database } from '@adonisjs/lucid/database'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

/** A connection of better-sqlite3, as far as it is needed here; others say nothing of themselves. */
interface Connection {
  readonly inTransaction?: boolean
  exec(sql: string): unknown
}

/**
 * Does the work in one transaction. Guarantees that what it gives is committed: a full disk shows
 * only at COMMIT, whose failure Knex tells nobody but its `executionPromise`, so Lucid's own
 * `db.transaction(work)` ends well without a trace in the table. Throws that failure, or what the
 * work throws; then nothing is stored, and the connection is free.
 */
export async function transact<T>(
  db: Database,
  work: (trx: TransactionClientContract) => Promise<T>
): Promise<T> {
  const trx = await db.transaction()
  const { executionPromise, client } = trx.knexClient
  const connection: Connection = await client.acquireConnection()
  // Before the pool has it again: SQLite leaves a transaction open whose COMMIT was refused (BUSY, a
  // deferred constraint), and every other one on this connection would fail.
  executionPromise.catch(() => {
    if (connection.inTransaction) connection.exec('rollback')
  })
  try {
    const result = await work(trx)
    await trx.commit()
    await executionPromise
    return result
  } catch (error) {
    if (!trx.isCompleted) await trx.rollback()
    throw error
  }
}
