import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { readCsv } from '#tasks/csv/read_csv'
import { storedFile } from '#engine/stored_file'
import { detectDialect } from '#tasks/csv/detect_dialect'
import { CSV_ENCODINGS, type CsvBatch, type CsvCursor } from '#tasks/csv/csv_types'
import { DatasetImport, type RejectedLine } from '#models/dataset'

/** How many bad lines are kept with their reasons; all are counted. */
const KEPT_REJECTS = 1000

/** Where the next attempt goes on. */
interface Checkpoint {
  readonly cursor: CsvCursor
  readonly rows: number
  readonly rejected: number
}

interface Result {
  readonly rows: number
  readonly rejected: number
  readonly seconds: number
  readonly rowsPerSecond: number
  /** The first 1,000 bad lines. */
  readonly rejectedLines: readonly RejectedLine[]
}

/** Loads a CSV file with a header row into a dataset, batch by batch; bad lines don't stop it. */
export default class ImportCsv extends LongTask<typeof ImportCsv.input, Result> {
  static type = 'import-csv'
  static description = 'Loads an uploaded CSV file with a header row into a dataset'
  static input = vine.create({
    dataset: vine.string().trim().minLength(1).maxLength(100),
    file: storedFile(),
    delimiter: vine
      .string()
      .regex(/^[^"\r\n]$/u)
      .optional(),
    encoding: vine.enum(CSV_ENCODINGS).optional(),
  })

  async run() {
    const { path, size } = this.input.file
    const since = performance.now()
    const dataset = new DatasetImport(this.id, this.input.dataset)
    const rejectedLines: RejectedLine[] = []
    let rejected = 0

    const batches = readCsv(path, {
      dialect: await detectDialect(path, this.input),
      signal: this.signal,
    })
    const options = {
      unit: 'rows',
      size: (batch: CsvBatch) => batch.rows.length,
      progress: (batch: CsvBatch) => (batch.bytes / size) * 100,
    }
    for await (const batch of this.each(batches, options)) {
      const kept = batch.rejected.slice(0, KEPT_REJECTS - rejectedLines.length)
      const rows = this.current + batch.rows.length
      const checkpoint: Checkpoint = {
        cursor: batch.cursor,
        rows,
        rejected: rejected + batch.rejected.length,
      }
      await this.commit(checkpoint, async (trx) => {
        await dataset.append(trx, batch.rows)
        await dataset.reject(trx, kept)
      })
      rejectedLines.push(...kept)
      rejected = checkpoint.rejected
      if (rejected > 0) this.report({ message: `${rejected} bad lines so far` })
    }

    const seconds = (performance.now() - since) / 1000
    return {
      rows: this.current,
      rejected,
      seconds: Math.round(seconds * 1000) / 1000,
      rowsPerSecond: Math.round(this.current / seconds),
      rejectedLines,
    }
  }
}
