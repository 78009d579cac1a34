import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { createHash, randomUUID } from 'node:crypto'
import type { Snapshot } from '#engine/snapshot'

/** Records with quoted newlines, quotes, and characters of one to four bytes. */
export function difficultCsv(rows: number): string {
  const lines = ['id,name,"a note"']
  for (let row = 1; row <= rows; row++) {
    lines.push(`${row},"Zoë ""${row}"" 😀","first line\nsecond, ${'ł'.repeat(row % 7)}"`)
    if (row % 1000 === 0) lines.push('a bad line')
  }
  return lines.join('\n')
}

/** Uploads a file to be imported. Gives the task. */
export async function startImport(
  url: string,
  content: string,
  id: string = randomUUID()
): Promise<Snapshot> {
  const form = new FormData()
  form.append('id', id)
  form.append('type', 'import-csv')
  form.append('input', '{"dataset":"resumed"}')
  form.append('file', new File([content], 'a.csv'))
  const answer = await fetch(`${url}/tasks`, { method: 'POST', body: form })
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Snapshot
}

/** What an import has left in a server's table, read by SQL of our own: count and hash of all. */
export function loadedRows(folder: string, id: string): { count: number; hash: string } {
  const file = new SQLite(join(folder, 'db.sqlite3'), { readonly: true })
  try {
    const rows = file
      .prepare('select line, data from dataset_rows where task_id = ? order by line')
      .raw()
      .all(id)
    const rejects = file
      .prepare('select line, reason from dataset_rejects where task_id = ? order by line')
      .raw()
      .all(id)
    const hash = createHash('sha256')
      .update(JSON.stringify([rows, rejects]))
      .digest('hex')
    return { count: rows.length, hash }
  } finally {
    file.close()
  }
}
