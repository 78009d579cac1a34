import db from '@adonisjs/lucid/services/db'

/** What `String.prototype.trim` takes away (ECMAScript's white space and line ends). */
const SPACES =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
  '\u2028\u2029\u202f\u205f\u3000\ufeff'

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
    .whereRaw(`trim(input ->> 'dataset', ?) = ?`, [SPACES, name])
    .select('id')
  const removed: unknown = await known()
    .whereNotExists(live)
    .update({ deleted_at: new Date().toISOString() })
  if (Number(removed) > 0) return 'removed'
  return (await known().select('task_id').first()) ? 'in-use' : 'unknown'
}
