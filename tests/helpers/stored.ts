import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'

/** Before anything that a test does. */
export const longAgo = '1999-12-31T00:00:00.000Z'

/** Puts a task of nobody into the table, which no runner has started. Gives its id. */
export async function stored(columns: object): Promise<string> {
  const id = randomUUID()
  const about = { id, owner: 'nobody', type: 'x', input: '{}', fingerprint: 'x', version: 1 }
  const times = { created_at: longAgo, updated_at: longAgo }
  await db.table('tasks').insert({ ...about, ...times, ...columns })
  return id
}
