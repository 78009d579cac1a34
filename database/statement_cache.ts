import type { Database, Statement } from 'better-sqlite3'

/** Statements that a connection keeps; more than the application has. */
const MOST = 500

/**
 * Prepares each statement once. To do it anew for every query, as Knex does, takes longer than most
 * of our queries.
 */
export function cacheStatements(connection: Database): void {
  const statements = new Map<string, Statement>()
  const prepare = connection.prepare.bind(connection) as (sql: string) => Statement
  connection.prepare = ((sql: string) => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = prepare(sql)
      for (const oldest of statements.keys()) {
        if (statements.size < MOST) break
        statements.delete(oldest)
      }
      statements.set(sql, statement)
    }
    return statement
  }) as Database['prepare']
}
