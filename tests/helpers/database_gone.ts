/*
| Loaded into a server under test: its database is gone, as if its disk were, from `gone` until `back`.
*/

import SQLite, { type Statement } from 'better-sqlite3'

let isGone = false

process.on('message', (message) => {
  if (message !== 'gone' && message !== 'back') return
  isGone = message === 'gone'
  process.send?.({ answer: message })
})

const { prepare } = SQLite.prototype
SQLite.prototype.prepare = function (this: SQLite.Database, sql: string) {
  const statement: Statement = prepare.call(this, sql)
  for (const name of ['run', 'get', 'all'] as const) {
    const execute = statement[name].bind(statement)
    statement[name] = (...values: unknown[]) => {
      // Neither reads or writes anything.
      if (!isGone || /^(begin|rollback)/i.test(sql)) return execute(...values) as never
      // As SQLite does when a commit can't be written.
      if (/^commit/i.test(sql)) this.exec('rollback')
      throw new SQLite.SqliteError('disk I/O error', 'SQLITE_IOERR')
    }
  }
  return statement
} as typeof prepare
