import type { Cut } from '#engine/cut'
import { statuses, transitions } from '#engine/status'
import type { Logger } from '@adonisjs/core/logger'
import type { Database } from '@adonisjs/lucid/database'

/** Milliseconds between two looks (invariant 3). */
const LOOK = 1000
/** Milliseconds that a look goes back for what began and ended between two looks. */
const OVERLAP = 5000
/** Ids of one statement: below what it may bind. */
const AT_ONCE = 500

const live = statuses.filter((status) => transitions[status].length > 0)

/** What somebody in this process watches. */
export interface Interest {
  readonly ids: Iterable<string>
  /** Whether somebody watches all tasks. */
  readonly all: boolean
}

export interface ElsewhereOptions {
  readonly db: Database
  readonly logger: Logger
  /** Reads the newest there is of some tasks. */
  readonly read: (ids: readonly string[]) => Promise<Cut[]>
  /** Whether this process runs the task, and so tells what becomes of it. */
  readonly isHere: (id: string) => boolean
  /** Hears of each cut that is newer than what was told here. */
  readonly tell: (cut: Cut) => void
}

/**
 * Tells what other processes do to the tasks that somebody here watches, a second later at most
 * (invariant 3). Reads nothing while nobody watches, or while no other process writes.
 *
 * Guarantees that nothing older is told than what this process told itself.
 */
export class Elsewhere {
  readonly #options: ElsewhereOptions
  readonly #interests: (() => Interest)[] = []
  /** The versions that were told here, of what is watched. */
  #told = new Map<string, number>()
  #dataVersion = -1
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: ElsewhereOptions) {
    this.#options = options
  }

  /** Asks at each look what is watched. */
  follow(interest: () => Interest): void {
    this.#interests.push(interest)
  }

  /** Notes what this process tells, in the same tick. */
  noted({ id, version }: Cut): void {
    if (this.#looking || this.#told.has(id)) this.#told.set(id, version)
  }

  /** From here on nothing is missed. */
  async begin(): Promise<void> {
    await this.#hasChanged()
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, LOOK)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const before = this.#dataVersion
    try {
      if (!(await this.#hasChanged())) return
      const interests = this.#interests.map((interest) => interest())
      const watched = new Set(interests.flatMap(({ ids }) => [...ids]))
      const all = interests.some((interest) => interest.all)
      await this.#tellNewer(await this.#versions(watched, all))
    } catch (error) {
      this.#dataVersion = before
      this.#options.logger.error({ err: error }, 'what other processes did could not be read')
    }
  }

  /** Whether another connection has written since the last look. SQLite answers from memory. */
  async #hasChanged(): Promise<boolean> {
    const [row] = await this.#options.db.rawQuery('pragma data_version')
    const hasChanged = row.data_version !== this.#dataVersion
    this.#dataVersion = row.data_version
    return hasChanged
  }

  /** The versions in the table of all that is watched here and runs elsewhere. */
  async #versions(watched: ReadonlySet<string>, all: boolean): Promise<Map<string, number>> {
    const { db, isHere } = this.#options
    const versions = new Map<string, number>()
    const take = (rows: { id: string; version: number }[]) => {
      for (const { id, version } of rows) if (!isHere(id)) versions.set(id, Number(version))
    }
    const select = () => db.from('tasks').select('id', 'version')
    if (all) {
      const since = new Date(Date.now() - LOOK - OVERLAP).toISOString()
      take(await select().whereIn('status', live))
      take(await select().where('finished_at', '>=', since))
    }
    // What was live at the last look, and is no longer, has ended.
    const others = new Set([...watched, ...(all ? this.#told.keys() : [])])
    const ids = [...others].filter((id) => !versions.has(id) && !isHere(id))
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      take(await select().whereIn('id', ids.slice(from, from + AT_ONCE)))
    }
    return versions
  }

  async #tellNewer(versions: ReadonlyMap<string, number>): Promise<void> {
    const { read, isHere, tell } = this.#options
    const isNews = (id: string, version: number) => version > (this.#told.get(id) ?? 0)
    const newer = [...versions].flatMap(([id, version]) => (isNews(id, version) ? id : []))
    for (const cut of newer.length > 0 ? await read(newer) : []) {
      if (isHere(cut.id) || !isNews(cut.id, cut.version)) continue
      this.#told.set(cut.id, cut.version)
      tell(cut)
    }
    for (const id of this.#told.keys()) if (!versions.has(id)) this.#told.delete(id)
  }
}
