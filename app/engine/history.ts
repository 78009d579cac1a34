import type { Logger } from '@adonisjs/core/logger'
import type { Database } from '@adonisjs/lucid/database'
import { learn, POINTS, type CompletedRun, type ProgressCurve } from '#engine/progress_curve'

/**
 * The curves of all task types. Owns them in memory; learning writes nothing, `save` writes all that
 * changed in one statement. Processes that share a table each keep their own: the last one to learn
 * is what the next start reads.
 */
export class History {
  readonly #db: Database
  readonly #logger: Logger
  readonly #curves = new Map<string, ProgressCurve>()
  readonly #unsaved = new Set<string>()

  constructor(db: Database, logger: Logger) {
    this.#db = db
    this.#logger = logger
  }

  /** Reads what earlier processes learned. */
  async load(): Promise<void> {
    const rows = await this.#db.from('progress_curves').select('type', 'curve')
    for (const { type, curve } of rows) {
      const known = JSON.parse(curve) as ProgressCurve
      // An earlier release may have written other curves.
      if (known.shape?.length === POINTS && known.sizes !== undefined) this.#curves.set(type, known)
    }
  }

  find(type: string): ProgressCurve | undefined {
    return this.#curves.get(type)
  }

  /** Takes in a completed run. Changes memory only. */
  learn(type: string, run: CompletedRun): void {
    this.#curves.set(type, learn(this.#curves.get(type), run))
    this.#unsaved.add(type)
  }

  /** Writes what changed; what could not be written is written the next time. Never throws. */
  async save(): Promise<void> {
    if (this.#unsaved.size === 0) return
    const types = [...this.#unsaved]
    this.#unsaved.clear()
    const rows = types.map((type) => ({ type, curve: JSON.stringify(this.#curves.get(type)) }))
    try {
      await this.#db
        .insertQuery()
        .table('progress_curves')
        .knexQuery.insert(rows)
        .onConflict('type')
        .merge()
    } catch (error) {
      this.#logger.error({ err: error }, 'what runs taught could not be written, trying again')
      for (const type of types) this.#unsaved.add(type)
    }
  }
}
