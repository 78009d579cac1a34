import { join } from 'node:path'
import { spawnSync } from 'node:child_process'

const NOBODY = 65_534

/** Everything is root's to write: the id of a user that must ask, `undefined` if that is this one. */
export const plainUser = process.getuid?.() === 0 ? NOBODY : undefined

/** Whether that user may read what the tests run. */
export function canRunPlain(): boolean {
  if (plainUser === undefined) return true
  const path = join(import.meta.dirname, '../../package.json')
  const script = `require('node:fs').readFileSync(${JSON.stringify(path)})`
  const { status } = spawnSync(process.execPath, ['-e', script], { uid: plainUser })
  return status === 0
}
