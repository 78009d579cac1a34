import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'

const YEAR = 365 * 24 * 3600 * 1000

/** A retention, in milliseconds, for which what is stored as of long ago is old, and nothing else. */
export const keepFor = YEAR

/** Before anything that a test does; not so long ago that the server under test prunes it by itself. */
export const longAgo = new Date(Date.now() - 5 * YEAR).toISOString()

/** Puts a task of nobody into the table, which no runner has started. Gives its id. */
export async function stored(columns: object): Promise<string> {
  const id = randomUUID()
  const about = { id, owner: 'nobody', type: 'x', input: '{}', fingerprint: 'x', version: 1 }
  const times = { created_at: longAgo, updated_at: longAgo }
  await db.table('tasks').insert({ ...about, ...times, ...columns })
  return id
}
