import db from '@adonisjs/lucid/services/db'

/** Rows of one read at most: a few milliseconds. */
const BATCH = 1000
/** Bytes of one read, but for its last row. */
const BATCH_BYTES = 1024 * 1024

/** The rows of one import, as they were when the reading began. */
interface Part {
  readonly taskId: string
  readonly lastLine: number
}

/**
 * A dataset as it is now, to be read in batches: in the order of its imports, each in the order of
 * its file. What is added meanwhile is not seen.
 */
export class DatasetReader {
  readonly rows: number
  /** Of all its imports: those of the first, then what later ones have besides. */
  readonly columns: readonly string[]
  readonly #parts: readonly Part[]

  private constructor(rows: number, columns: readonly string[], parts: readonly Part[]) {
    this.rows = rows
    this.columns = columns
    this.#parts = parts
  }

  /** Opens a dataset of the owner of a task; `null` when he has none of this name. */
  static async open(taskId: string, dataset: string): Promise<DatasetReader | null> {
    const imports: { task_id: string; rows: number; columns: string; last_line: number }[] =
      await db
        .from('dataset_imports as i')
        .where('i.owner', db.from('tasks').where('id', taskId).select('owner'))
        .where('i.dataset', dataset)
        .whereNull('i.deleted_at')
        .orderBy('i.seq')
        .select('i.task_id', 'i.rows', 'i.columns')
        .select(
          db.raw('(select max(line) from dataset_rows where task_id = i.task_id) as last_line')
        )
    if (imports.length === 0) return null
    const columns = imports.flatMap((each) => JSON.parse(each.columns) as string[])
    const rows = imports.reduce((sum, each) => sum + Number(each.rows), 0)
    const parts = imports.map((each) => ({ taskId: each.task_id, lastLine: each.last_line }))
    return new DatasetReader(rows, [...new Set(columns)], parts)
  }

  /** The rows as JSON text. */
  async *batches(): AsyncGenerator<string[], void, undefined> {
    for (const { taskId, lastLine } of this.#parts) {
      let line = -1
      while (line < lastLine) {
        const end = await this.#endOfBatch(taskId, line, lastLine)
        if (end === null) break
        const rows: { data: string }[] = await db
          .from('dataset_rows')
          .where('task_id', taskId)
          .whereBetween('line', [line + 1, end])
          .orderBy('line')
          .select('data')
        yield rows.map(({ data }) => data)
        line = end
      }
    }
  }

  /** The last line of the next batch. A size is told without reading the row itself. */
  async #endOfBatch(taskId: string, line: number, lastLine: number): Promise<number | null> {
    const rows: { line: number; size: number }[] = await db
      .from('dataset_rows')
      .where('task_id', taskId)
      .whereBetween('line', [line + 1, lastLine])
      .orderBy('line')
      .limit(BATCH)
      .select('line', db.raw('octet_length(data) as size'))
    let bytes = 0
    const last = rows.find(({ size }) => (bytes += size) >= BATCH_BYTES) ?? rows.at(-1)
    return last?.line ?? null
  }
}
