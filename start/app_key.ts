import type { Rule } from '#start/env_rules'
import { Secret } from '@adonisjs/core/helpers'
import { randomBytes, randomUUID } from 'node:crypto'
import { makeStateFolder } from '#start/state_folder'
import { dirname, isAbsolute, join } from 'node:path'
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'

/** Characters without which the encryption refuses a key. */
const SHORTEST = 16

/** The key as it is set; in production, where none is, one that is made and kept beside the database. */
export function appKey(): Rule<Secret<string>> {
  return (key, value) => {
    if (value) return checked(value, key)
    const { NODE_ENV, SQLITE_PATH = '' } = process.env
    if (NODE_ENV !== 'production') throw new Error(`${key} must be set to 32 random characters`)
    // The path has a rule of its own, which says so.
    if (!isAbsolute(SQLITE_PATH)) return new Secret('')
    // No start comes of it: nothing is to be kept beside it.
    if (isNoFile(SQLITE_PATH)) return new Secret(newKey())
    const path = join(dirname(SQLITE_PATH), 'app.key')
    return checked(keptKey(path, key), `${key} in ${path}`)
  }
}

const newKey = () => randomBytes(24).toString('base64url')

function isNoFile(path: string): boolean {
  return existsSync(path) && !statSync(path).isFile()
}

function checked(key: string, name: string): Secret<string> {
  if (key.length >= SHORTEST) return new Secret(key)
  throw new Error(`${name} must have at least ${SHORTEST} characters, better 32 random ones`)
}

function keptKey(path: string, name: string): string {
  try {
    makeKey(path)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${name} can't be kept in ${path}, beside SQLITE_PATH: ${reason}`)
  }
}

/** Made whole or not at all, and by one of several processes, unless it is there. */
function makeKey(path: string): void {
  const draft = `${path}-${randomUUID()}`
  makeStateFolder(dirname(path))
  try {
    writeFileSync(draft, newKey(), { mode: 0o600 })
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
}
