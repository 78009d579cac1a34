import type { Database } from '@adonisjs/lucid/database'

/**
 * Executes a statement as it is. A `rawQuery` goes through its text for each `?` first, which takes
 * longer than to write a row where there are thousands of them.
 */
export async function execute(
  db: Database,
  sql: string,
  bindings: readonly unknown[]
): Promise<void> {
  const { client } = db.connection().getWriteClient()
  const connection: unknown = await client.acquireConnection()
  try {
    await client.query(connection, { sql, bindings })
  } finally {
    await client.releaseConnection(connection)
  }
}
