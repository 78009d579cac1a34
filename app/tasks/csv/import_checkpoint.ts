import vine from '@vinejs/vine'
import { TaskError } from '#engine/errors'
import { CSV_ENCODINGS, type CsvCursor } from '#tasks/csv/csv_types'

/** Where the next attempt of an import goes on. */
export interface ImportCheckpoint {
  readonly cursor: CsvCursor
  /** Whose checkpoint it was at first: a retry gets that of another task. */
  readonly task: string
  /** Rows loaded so far. */
  readonly rows: number
  /** Bad lines so far. */
  readonly rejected: number
}

const count = () => vine.number({ strict: true }).withoutDecimals().min(0)

const schema = vine.create({
  cursor: vine.object({
    offset: count(),
    line: count(),
    columns: vine.array(vine.string()).minLength(1),
    dialect: vine.object({
      encoding: vine.enum(CSV_ENCODINGS),
      delimiter: vine.string().minLength(1),
      bomBytes: count(),
    }),
  }),
  task: vine.string(),
  rows: count(),
  rejected: count(),
})

/**
 * The checkpoint of an earlier attempt, if there is one. Throws `bad-checkpoint` for one that another
 * release wrote in another shape.
 */
export async function toImportCheckpoint(value: unknown): Promise<ImportCheckpoint | null> {
  if (value === null) return null
  try {
    return await schema.validate(value)
  } catch (cause) {
    const problem = 'import-csv: the checkpoint does not have the shape that this release knows'
    throw new TaskError('bad-checkpoint', problem, { cause, retry: false })
  }
}
