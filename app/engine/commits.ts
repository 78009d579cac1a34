import { AsyncLocalStorage } from 'node:async_hooks'
import type { Work } from '#engine/long_task'
import type { Logger } from '@adonisjs/core/logger'
import type { TaskTable } from '#engine/task_table'
import { pass } from '#engine/landmarks'
import { persist } from '#engine/trouble'
import { transact } from '#engine/transact'
import { RunAborted, RunFenced, TaskError } from '#engine/errors'
import type { Database } from '@adonisjs/lucid/database'

/** Milliseconds that a commit may hold the one writing connection before the log says so. */
const SLOW_COMMIT = 200

interface CommittingRun {
  readonly id: string
  readonly claim: number
  readonly type: string
  readonly signal: AbortSignal
}

interface Commit {
  readonly type: string
  open: boolean
}

/**
 * The transactions of tasks. Guarantees that a run which is no longer the claimed one stores
 * nothing, and that a query which forgets its transaction fails at once: SQLite has one writing
 * connection, for which it would wait while holding it.
 */
export class Commits {
  readonly #db: Database
  readonly #table: TaskTable
  readonly #logger: Logger
  readonly #current = new AsyncLocalStorage<Commit>()
  /** The ways to end what is open. */
  readonly #open = new Set<(reason: RunAborted) => void>()
  readonly #end = new AbortController()

  constructor(db: Database, table: TaskTable, logger: Logger) {
    this.#db = db
    this.#table = table
    this.#logger = logger
    this.#refuseOtherConnections()
  }

  /**
   * Runs the work of one commit, again while the database is locked, full or gone. Throws
   * `RunFenced`, a `TaskError` (`query-outside-commit`), or what the work throws; then nothing of it
   * is stored.
   */
  run(run: CommittingRun, checkpoint: unknown, work: Work): Promise<void> {
    return persist(() => this.#once(run, checkpoint, work), run.signal)
  }

  /**
   * Rolls back what is still open, whatever the work does, and what comes later: as long as it holds
   * the connection, nobody can write a last state, and the process can't end.
   */
  abandon(): void {
    const reason = new RunAborted('stopping')
    this.#end.abort(reason)
    for (const end of this.#open) end(reason)
  }

  async #once(run: CommittingRun, checkpoint: unknown, work: Work): Promise<void> {
    const commit: Commit = { type: run.type, open: true }
    try {
      await transact(this.#db, async (trx) => {
        const since = performance.now()
        // A write comes first: a transaction that reads first loses to another process' write.
        if (!(await this.#table.saveCheckpoint(run, checkpoint, trx))) throw new RunFenced(run.id)
        await this.#current.run(commit, () => this.#unlessAbandoned(() => work(trx)))
        pass('mid-batch')
        const held = performance.now() - since
        if (held > SLOW_COMMIT) {
          this.#logger.warn(
            { task: run.id, type: run.type, milliseconds: Math.round(held) },
            'a commit held the database connection for long'
          )
        }
      })
    } finally {
      commit.open = false
    }
  }

  async #unlessAbandoned(work: () => unknown): Promise<void> {
    this.#end.signal.throwIfAborted()
    const { promise: abandoned, reject } = Promise.withResolvers<never>()
    this.#open.add(reject)
    try {
      await Promise.race([work(), abandoned])
    } finally {
      this.#open.delete(reject)
    }
  }

  #refuseOtherConnections(): void {
    const { client } = this.#db.connection().getWriteClient()
    const acquire = client.acquireConnection
    client.acquireConnection = (...args: unknown[]) => {
      const commit = this.#current.getStore()
      if (commit?.open) {
        const problem = `${commit.type}: a query inside commit() must use the trx it is given`
        return Promise.reject(new TaskError('query-outside-commit', problem, { retry: false }))
      }
      return acquire.apply(client, args)
    }
  }
}
