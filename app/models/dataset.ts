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

/** The rows on which an import would go on were deleted with their dataset. */
export class EarlierRowsGone extends Error {}

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

  /**
   * Takes over what an earlier import of the same file left: its bad lines, and the place of its
   * rows in the dataset, which stay its own. Throws `EarlierRowsGone` when they are there no more.
   */
  async adopt(
    trx: TransactionClientContract,
    earlier: { readonly task: string; readonly rows: number }
  ): Promise<void> {
    if (earlier.rows > 0) await this.#join(trx, earlier.task)
    await trx.rawQuery(
      `insert into dataset_rejects (task_id, line, reason)
       select ?, line, reason from dataset_rejects where task_id = ?`,
      [this.#taskId, earlier.task]
    )
  }

  /** Is of the dataset from now on, also without a row of its own: the next retry looks here only. */
  async #join(trx: TransactionClientContract, earlier: string): Promise<void> {
    const time = new Date().toISOString()
    const rows: unknown[] = await trx.rawQuery(
      `insert into dataset_imports (task_id, owner, dataset, columns, rows, created_at, updated_at)
       select ?, owner, dataset, columns, 0, ?, ? from dataset_imports
       where task_id = ? and deleted_at is null returning task_id`,
      [this.#taskId, time, time, earlier]
    )
    if (rows.length === 0) throw new EarlierRowsGone()
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
