import { join } from 'node:path'
import { tmpdir } from 'node:os'
import app from '@adonisjs/core/services/app'
import dbConfig from '#config/database'
import { mkdtemp, rm } from 'node:fs/promises'
import { Database } from '@adonisjs/lucid/database'
import type { SqliteConfig } from '@adonisjs/lucid/types/database'
import { MigrationRunner } from '@adonisjs/lucid/migration'

/** Takes what is to be done after the test, last first: `cleanup` of a test. */
export type Cleanup = (work: () => Promise<void>) => void

/**
 * A migrated, empty database in a folder of its own, both gone after the test. The engine of the
 * tests' process takes no tasks of it; the models know nothing of it.
 */
export async function ownDatabase(
  cleanup: Cleanup
): Promise<{ db: Database; folder: string; filename: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-database-'))
  cleanup(() => rm(folder, { recursive: true }))
  const filename = join(folder, 'db.sqlite3')
  const sqlite = { ...dbConfig.connections.sqlite, connection: { filename } } as SqliteConfig
  const db = new Database(
    { connection: 'sqlite', connections: { sqlite } },
    await app.container.make('logger'),
    await app.container.make('emitter')
  )
  cleanup(() => db.manager.closeAll())
  const migrator = new MigrationRunner(db, app, { direction: 'up' })
  await migrator.run()
  if (migrator.error) throw migrator.error
  return { db, folder, filename }
}
