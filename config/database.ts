import env from '#start/env'
import app from '@adonisjs/core/services/app'
import { cacheStatements } from '#database/statement_cache'
import { defineConfig } from '@adonisjs/lucid'
import type { Database } from 'better-sqlite3'

/**
 * SQLite: one writing connection a process. WAL lets other processes read meanwhile, NORMAL is
 * durable against a crash of the process, `busy_timeout` (ms) waits for another process' write.
 */
const dbConfig = defineConfig({
  connection: env.get('DB_CONNECTION'),
  connections: {
    sqlite: {
      client: 'better-sqlite3',
      connection: { filename: app.makePath(env.get('SQLITE_PATH')) },
      useNullAsDefault: true,
      pool: {
        min: 1,
        max: 1,
        afterCreate(connection: Database, done: (error?: Error) => void) {
          connection.pragma('journal_mode = WAL')
          connection.pragma('synchronous = NORMAL')
          connection.pragma('busy_timeout = 5000')
          connection.pragma('foreign_keys = ON')
          cacheStatements(connection)
          done()
        },
      },
      migrations: { naturalSort: true, paths: ['database/migrations'] },
      schemaGeneration: { enabled: true, rulesPaths: ['./database/schema_rules.js'] },
    },
  },
})

export default dbConfig
