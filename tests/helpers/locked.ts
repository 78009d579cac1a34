import SQLite from 'better-sqlite3'
import db from '@adonisjs/lucid/services/db'

/**
 * Has statements that match fail as if another process had locked the database, so many times. Gives
 * how many of these times are left, and the way back.
 */
export async function lock(statements: RegExp, times: number) {
  const { client } = db.connection().getWriteClient()
  const connection: SQLite.Database = await client.acquireConnection()
  client.releaseConnection(connection)
  const { prepare } = connection
  let left = times
  connection.prepare = ((sql: string) => {
    if (!statements.test(sql) || left === 0) return prepare(sql)
    left--
    throw new SQLite.SqliteError('database is locked', 'SQLITE_BUSY')
  }) as typeof prepare
  return { left: () => left, unlock: () => void (connection.prepare = prepare) }
}
