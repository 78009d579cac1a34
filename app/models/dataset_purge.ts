import db from '@adonisjs/lucid/services/db'
import type { Logger } from '@adonisjs/core/logger'
import { setTimeout } from 'node:timers/promises'

/** Rows of one statement: a few milliseconds of the one writing connection. */
const BATCH = 1000
/** Milliseconds between two batches, in which others write. */
const PAUSE = 10
/** Milliseconds before a batch that failed is tried again. */
const RETRY = 1000

/**
 * Removes the rows of deleted datasets, a few at a time, so that nobody waits for it. What a crash
 * interrupts goes on with the next start.
 */
export class DatasetPurge {
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #purging: Promise<void> | undefined
  #woken = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Says that there may be rows to remove. */
  wake(): void {
    this.#woken = true
    this.#purging ??= this.#purge().finally(() => (this.#purging = undefined))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#purging
  }

  async #purge(): Promise<void> {
    const { signal } = this.#stop
    while (this.#woken && !signal.aborted) {
      this.#woken = false
      let wait = PAUSE
      try {
        if (await this.#removeBatch()) this.#woken = true
      } catch (error) {
        this.#logger.error({ err: error }, 'rows of a deleted dataset stay for now, trying again')
        this.#woken = true
        wait = RETRY
      }
      await setTimeout(wait, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Says whether there was something to remove. */
  async #removeBatch(): Promise<boolean> {
    const next = await db
      .from('dataset_imports')
      .whereNotNull('deleted_at')
      .select('task_id')
      .first()
    if (!next) return false
    const task = { task_id: next.task_id }
    const lines = db.from('dataset_rows').where(task).orderBy('line').limit(BATCH).select('line')
    const removed: unknown = await db
      .from('dataset_rows')
      .where(task)
      .whereIn('line', lines)
      .delete()
    if (Number(removed) < BATCH) {
      await db.from('dataset_imports').where(task).whereNotNull('deleted_at').delete()
    }
    return true
  }
}
