import db from '@adonisjs/lucid/services/db'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

/** One record of a dataset: the physical line on which it started, and its values by column. */
export interface DatasetRow {
  readonly line: number
  readonly values: Readonly<Record<string, string>>
}

export interface RejectedLine {
  readonly line: number
  readonly reason: string
}

/** The rows of one import of a dataset; a second import appends to the dataset. */
export class DatasetImport {
  readonly #taskId: string
  readonly #dataset: string

  constructor(taskId: string, dataset: string) {
    this.#taskId = taskId
    this.#dataset = dataset
  }

  /**
   * Adds rows in one statement, which costs hardly more than the bare inserts, and counts them.
   *
   * @param columns in the order of the file
   */
  async append(
    trx: TransactionClientContract,
    rows: readonly DatasetRow[],
    columns: readonly string[]
  ): Promise<void> {
    if (rows.length === 0) return
    await trx.rawQuery(
      `insert into dataset_rows (task_id, dataset, line, data)
       select ?, ?, value ->> 0, value -> 1 from json_each(?)`,
      [this.#taskId, this.#dataset, JSON.stringify(rows.map(({ line, values }) => [line, values]))]
    )
    await this.#count(trx, rows.length, columns)
  }

  /** Keeps the number of rows, so that nobody has to count them. */
  async #count(
    trx: TransactionClientContract,
    rows: number,
    columns: readonly string[]
  ): Promise<void> {
    const time = new Date().toISOString()
    await trx.rawQuery(
      `insert into dataset_imports (task_id, owner, dataset, columns, rows, created_at, updated_at)
       select id, owner, ?, ?, ?, ?, ? from tasks where id = ?
       on conflict (task_id) do update
       set rows = dataset_imports.rows + excluded.rows, updated_at = excluded.updated_at`,
      [this.#dataset, JSON.stringify(columns), rows, time, time, this.#taskId]
    )
  }

  /** Notes bad lines with their reasons. */
  async reject(trx: TransactionClientContract, lines: readonly RejectedLine[]): Promise<void> {
    if (lines.length === 0) return
    await trx.rawQuery(
      `insert into dataset_rejects (task_id, line, reason)
       select ?, value ->> 0, value ->> 1 from json_each(?)`,
      [this.#taskId, JSON.stringify(lines.map(({ line, reason }) => [line, reason]))]
    )
  }

  /** Takes over the bad lines of the import on which this one goes on; its rows stay its own. */
  async adopt(trx: TransactionClientContract, taskId: string): Promise<void> {
    await trx.rawQuery(
      `insert into dataset_rejects (task_id, line, reason)
       select ?, line, reason from dataset_rejects where task_id = ?`,
      [this.#taskId, taskId]
    )
  }

  /** The bad lines that were noted, over all attempts. */
  async rejects(): Promise<RejectedLine[]> {
    return db
      .from('dataset_rejects')
      .where('task_id', this.#taskId)
      .orderBy('line')
      .select('line', 'reason')
  }
}
