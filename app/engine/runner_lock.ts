import { mkdirSync, statSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'

/** Milliseconds after which a lock file that nobody holds is litter. */
const LITTER_AFTER = 60_000

/**
 * Tells which runners of this host live, by the kernel's word: each holds an exclusive lock on a
 * small file of its own, which is freed at its death and kept while its event loop is blocked. No
 * heartbeats.
 */
export class RunnerLock {
  readonly id = randomUUID()
  readonly #folder: string
  readonly #held: SQLite.Database

  /** Takes the lock of this process, before any task can name it. */
  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    this.#held = new SQLite(this.#path(this.id))
    this.#held.exec('begin exclusive')
  }

  /**
   * Whether the runner lives, or may: only who has taken its lock, or finds that it has none, knows
   * that it is dead. No file may be opened just now, or its disk be gone for a while; who asks again
   * learns more. Takes a fraction of a millisecond.
   */
  isAlive(id: string): boolean {
    if (id === this.id) return true
    let probe: SQLite.Database | undefined
    try {
      probe = new SQLite(this.#path(id), { fileMustExist: true, timeout: 0 })
      probe.exec('begin exclusive')
      return false
    } catch {
      return !isMissing(this.#path(id))
    } finally {
      probe?.close()
    }
  }

  /** Removes what dead runners left. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const id = name.replace(/\.lock$/, '')
      if (!name.endsWith('.lock') || this.isAlive(id)) continue
      const file = await stat(this.#path(id)).catch(() => null)
      if (file && Date.now() - file.mtimeMs > LITTER_AFTER)
        await rm(this.#path(id), { force: true })
    }
  }

  async release(): Promise<void> {
    this.#held.close()
    await rm(this.#path(this.id), { force: true })
  }

  #path(id: string): string {
    return `${this.#folder}/${id}.lock`
  }
}

function isMissing(path: string): boolean {
  try {
    statSync(path)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
