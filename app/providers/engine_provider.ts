import env from '#start/env'
import SQLite from 'better-sqlite3'
import { Engine } from '#engine/engine'
import { TaskTypes } from '#engine/task_types'
import type { ApplicationService } from '@adonisjs/core/types'

/** Milliseconds that a starting process waits for another one that migrates. */
const MIGRATION_WAIT = 60_000

/** Milliseconds that a statement may block the event loop for another process' write. */
const LOCK_WAIT = 50

/**
 * Wires the engine and its life: migrated and recovered before the server listens, taking tasks
 * once it does, stopped before the port closes.
 */
export default class EngineProvider {
  constructor(protected app: ApplicationService) {}

  register() {
    this.app.container.singleton(Engine, async (resolver) => {
      const drive = await resolver.make('drive.manager')
      return new Engine({
        db: await resolver.make('lucid.db'),
        logger: await resolver.make('logger'),
        types: await TaskTypes.load(this.app.makePath('app/tasks')),
        database: this.app.makePath(env.get('SQLITE_PATH')),
        lockFolder: this.#lockFolder,
        storageFolder: this.app.makePath(env.get('STORAGE_PATH')),
        disk: drive.use(),
        concurrency: env.get('TASK_CONCURRENCY'),
        retention: env.get('TASK_RETENTION'),
        maxQueued: env.get('TASK_MAX_QUEUED'),
      })
    })
  }

  async start() {
    if (!this.#isServer) return
    const engine = await this.app.container.make(Engine)
    await this.#migrate()
    await engine.recover()
  }

  async ready() {
    if (!this.#isServer) return
    const engine = await this.app.container.make(Engine)
    this.app.terminating(() => engine.stop(env.get('SHUTDOWN_GRACE')))
    await this.#stopBlocking()
    await engine.begin()
  }

  get #isServer() {
    return this.app.getEnvironment() === 'web' && this.app.getMode() !== 'warmup'
  }

  /** One process at a time: Lucid's own lock does nothing on SQLite. */
  async #migrate() {
    const { MigrationRunner } = await import('@adonisjs/lucid/migration')
    const db = await this.app.container.make('lucid.db')
    const lock = new SQLite(`${this.#lockFolder}/migration`, { timeout: MIGRATION_WAIT })
    try {
      lock.exec('begin exclusive')
      const migrator = new MigrationRunner(db, this.app, { direction: 'up' })
      await migrator.run()
      if (migrator.error) throw migrator.error
    } finally {
      lock.close()
    }
  }

  /**
   * Starting up may wait for another process' write, and blocks while it does. A server must not:
   * what the engine writes is tried again without blocking.
   */
  async #stopBlocking() {
    const db = await this.app.container.make('lucid.db')
    await db.rawQuery(`pragma busy_timeout = ${LOCK_WAIT}`)
  }

  get #lockFolder() {
    return `${this.app.makePath(env.get('SQLITE_PATH'))}-runners`
  }
}
