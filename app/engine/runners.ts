import { hostname } from 'node:os'
import { pid } from 'node:process'
import { now } from '#engine/task_state'
import { persist } from '#engine/trouble'
import { Watchdog } from '#engine/watchdog'
import type { Logger } from '@adonisjs/core/logger'
import { RunnerLock } from '#engine/runner_lock'
import type { Database } from '@adonisjs/lucid/database'

/** Milliseconds that a starting process waits for a database that others hold. */
const ENTER_WITHIN = 60_000
/** Milliseconds for which what is known of the others is good enough to be shown. */
const FRESH_FOR = 1000

export type Condition = 'active' | 'busy' | 'lost'

export interface RunnersOptions {
  readonly db: Database
  readonly logger: Logger
  readonly lockFolder: string
  /** The SQLite file. */
  readonly database: string
}

/**
 * The processes that execute tasks. Owns this one's row, its lock and its watchdog. Who lives is
 * said by the lock, never by the row, which is for people and tells who is busy.
 */
export class Runners {
  readonly #options: RunnersOptions
  readonly #lock: RunnerLock
  #watchdog: Watchdog | undefined
  #known = new Map<string, Condition>()
  #knownAt = -Infinity

  constructor(options: RunnersOptions) {
    this.#options = options
    this.#lock = new RunnerLock(options.lockFolder)
  }

  /** This process, as a runner. */
  get id(): string {
    return this.#lock.id
  }

  /** Whether this process' event loop is, or was until now, blocked. */
  get isBusy(): boolean {
    return this.#watchdog?.isBusy ?? false
  }

  isAlive(id: string): boolean {
    return this.#lock.isAlive(id)
  }

  /** Adds this process, and begins to watch its event loop. */
  async enter(): Promise<void> {
    const { db, logger, database } = this.#options
    const row = { id: this.id, host: hostname(), pid, started_at: now() }
    const patience = AbortSignal.timeout(ENTER_WITHIN)
    await persist(async () => db.table('runners').insert(row), patience)
    this.#watchdog = new Watchdog(this.id, database, (error) =>
      logger.error({ err: error }, 'the event loop is not watched any more')
    )
  }

  /** How a runner does, as of a second ago at most. */
  async conditionOf(id: string): Promise<Condition> {
    if (performance.now() - this.#knownAt > FRESH_FOR) {
      this.#knownAt = performance.now()
      const rows = await this.#options.db.from('runners').select('id', 'busy_since')
      const condition = (row: { id: string; busy_since: string | null }): Condition =>
        !this.isAlive(row.id) ? 'lost' : row.busy_since === null ? 'active' : 'busy'
      this.#known = new Map(rows.map((row) => [row.id, condition(row)]))
    }
    return this.#known.get(id) ?? (this.isAlive(id) ? 'active' : 'lost')
  }

  /** Removes what dead runners left, once nothing is theirs any more. */
  async sweep(): Promise<void> {
    const { db } = this.#options
    for (const { id } of await db.from('runners').select('id')) {
      if (!this.isAlive(id)) await db.from('runners').where('id', id).delete()
    }
    await this.#lock.sweep()
  }

  /** Ends the watch; the last word of this process on its tasks has been written. */
  async leave({ hasTasks }: { hasTasks: boolean }): Promise<void> {
    await this.#watchdog?.stop()
    if (hasTasks) return
    const row = this.#options.db.from('runners').where('id', this.id)
    await row.delete().catch((error) => {
      this.#options.logger.error({ err: error }, 'a runner is left to the next start')
    })
    await this.#lock.release()
  }
}
