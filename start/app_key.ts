import type { Rule } from '#start/env_rules'
import { Secret } from '@adonisjs/core/helpers'
import { randomBytes, randomUUID } from 'node:crypto'
import { makeStateFolder } from '#start/state_folder'
import { dirname, isAbsolute, join } from 'node:path'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** The key as it is set; in production, where none is, one that is made and kept beside the database. */
export function appKey(): Rule<Secret<string>> {
  return (key, value) => {
    if (value) return new Secret(value)
    const { NODE_ENV, SQLITE_PATH = '' } = process.env
    if (NODE_ENV !== 'production') throw new Error(`${key} must be set to 32 random characters`)
    // The path has a rule of its own, which says so.
    if (!isAbsolute(SQLITE_PATH)) return new Secret('')
    try {
      return new Secret(keptKey(dirname(SQLITE_PATH)))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`${key} can't be kept beside SQLITE_PATH=${SQLITE_PATH}: ${reason}`)
    }
  }
}

/** Made whole or not at all, and by one of several processes. */
function keptKey(folder: string): string {
  const path = join(folder, 'app.key')
  const draft = `${path}-${randomUUID()}`
  makeStateFolder(folder)
  try {
    writeFileSync(draft, randomBytes(24).toString('base64url'), { mode: 0o600 })
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(path, 'utf8')
}
