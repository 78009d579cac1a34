import db from '@adonisjs/lucid/services/db'

export interface DatasetSummary {
  readonly name: string
  readonly rows: number
  /** How many imports it is made of. */
  readonly tasks: number
  /** ISO 8601 UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

export interface DatasetPage {
  readonly owner: string
  /** Only those whose names come behind this one. */
  readonly after?: string
  readonly limit: number
}

/** The datasets of an owner, by their names. Counts nothing: costs the number of their imports. */
export async function listDatasets(page: DatasetPage): Promise<DatasetSummary[]> {
  const query = db
    .from('dataset_imports')
    .where('owner', page.owner)
    .whereNull('deleted_at')
    .groupBy('dataset')
    .orderBy('dataset')
    .limit(page.limit)
    .select('dataset')
    .sum('rows as rows')
    .count('* as tasks')
    .min('created_at as created_at')
    .max('updated_at as updated_at')
  if (page.after !== undefined) query.where('dataset', '>', page.after)
  const rows = await query
  return rows.map((row) => ({
    name: row.dataset,
    rows: Number(row.rows),
    tasks: Number(row.tasks),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  }))
}

/**
 * Takes a dataset away from its owner at once; its rows are removed afterwards (`DatasetPurge`).
 * Refused while a live task names it as its `dataset`.
 */
export async function removeDataset(
  owner: string,
  name: string
): Promise<'removed' | 'in-use' | 'unknown'> {
  const known = () =>
    db.from('dataset_imports').where({ owner, dataset: name }).whereNull('deleted_at')
  const live = db
    .from('tasks')
    .where('owner', owner)
    .whereIn('status', ['queued', 'processing'])
    // Its type trims the name, too.
    .whereRaw(`trim(input ->> 'dataset', char(9, 10, 11, 12, 13, 32)) = ?`, [name])
    .select('id')
  const removed: unknown = await known()
    .whereNotExists(live)
    .update({ deleted_at: new Date().toISOString() })
  if (Number(removed) > 0) return 'removed'
  return (await known().select('task_id').first()) ? 'in-use' : 'unknown'
}
