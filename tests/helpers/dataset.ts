import db from '@adonisjs/lucid/services/db'
import { endOf } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

/** Uploads a CSV file into a dataset, and waits for the end of the import. */
export async function load(dataset: string, content: string, owner?: string): Promise<Snapshot> {
  const form = new FormData()
  form.append('type', 'import-csv')
  form.append('input', JSON.stringify({ dataset }))
  form.append('file', new File([content], 'a.csv'))
  const headers = owner ? { 'x-owner': owner } : undefined
  const answer = await fetch(`${base()}/tasks`, { method: 'POST', body: form, headers })
  const { id } = (await answer.json()) as Snapshot
  return (await endOf(id)).snapshot
}

/** The rows of a dataset in the order in which they were loaded. */
export async function rowsIn(dataset: string): Promise<Record<string, string>[]> {
  const rows = await db
    .from('dataset_rows')
    .join('dataset_imports', 'dataset_imports.task_id', 'dataset_rows.task_id')
    .where('dataset_rows.dataset', dataset)
    .orderBy('dataset_imports.seq')
    .orderBy('line')
    .select('data')
  return rows.map(({ data }) => JSON.parse(data))
}
