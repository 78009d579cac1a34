import { defineConfig } from '@adonisjs/lucid'

/** The pragmas and the pool of Headway. */
export default defineConfig({
  connection: 'sqlite',
  connections: {
    sqlite: {
      client: 'better-sqlite3',
      connection: { filename: process.env.SQLITE_PATH },
      useNullAsDefault: true,
      pool: {
        min: 1,
        max: 1,
        afterCreate(connection, done) {
          connection.pragma('journal_mode = WAL')
          connection.pragma('synchronous = NORMAL')
          connection.pragma('busy_timeout = 5000')
          connection.pragma('foreign_keys = ON')
          done()
        },
      },
    },
  },
})
