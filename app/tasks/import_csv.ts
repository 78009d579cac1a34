import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { readCsv } from '#tasks/csv/read_csv'
import { storedFile } from '#engine/stored_file'
import { counted } from '#tasks/csv/counted'
import { detectDialect } from '#tasks/csv/detect_dialect'
import { CSV_ENCODINGS, type CsvBatch } from '#tasks/csv/csv_types'
import { datasetName } from '#tasks/dataset/dataset_name'
import { toImportCheckpoint, type ImportCheckpoint } from '#tasks/csv/import_checkpoint'
import { DatasetImport, EarlierRowsGone, type RejectedLine } from '#models/dataset'

/** How many bad lines are kept with their reasons; all are counted. */
const KEPT_REJECTS = 1000

interface Result {
  readonly rows: number
  readonly rejected: number
  /** Of the last attempt, like the rate. */
  readonly seconds: number
  readonly rowsPerSecond: number
  /** The first 1,000 bad lines. */
  readonly rejectedLines: readonly RejectedLine[]
}

/**
 * Loads a CSV file with a header row into a dataset, batch by batch; bad lines don't stop it. Goes
 * on behind the last batch that was stored, also as the retry of another import, whose rows stay;
 * if they were deleted meanwhile, it begins again.
 */
export default class ImportCsv extends LongTask<typeof ImportCsv.input, Result> {
  static type = 'import-csv'
  static description = 'Loads an uploaded CSV file with a header row into a dataset'
  static input = vine.create({
    dataset: datasetName(),
    file: storedFile(),
    delimiter: vine
      .string()
      .regex(/^[^"\r\n\ud800-\udfff]$/u)
      .optional(),
    encoding: vine.enum(CSV_ENCODINGS).optional(),
  })

  static attempts = 3

  async run() {
    const { path, size } = this.input.file
    const since = performance.now()
    const dataset = new DatasetImport(this.id, this.input.dataset)
    const before = await this.#before(dataset)
    let { rows, rejected } = before ?? { rows: 0, rejected: 0 }
    if (before) this.report({ current: rows, progress: (before.cursor.offset / size) * 100 })

    const batches = readCsv(path, {
      dialect: before?.cursor.dialect ?? (await detectDialect(path, this.input)),
      cursor: before?.cursor,
      signal: this.signal,
    })
    const options = {
      unit: 'rows',
      size: (batch: CsvBatch) => batch.rows.length,
      progress: (batch: CsvBatch) => (batch.bytes / size) * 100,
    }
    for await (const batch of this.each(batches, options)) {
      const kept = batch.rejected.slice(0, Math.max(0, KEPT_REJECTS - rejected))
      rows += batch.rows.length
      rejected += batch.rejected.length
      const { cursor } = batch
      const checkpoint: ImportCheckpoint = { cursor, task: this.id, rows, rejected }
      await this.commit(checkpoint, async (trx) => {
        await dataset.append(trx, batch.rows, batch.cursor.columns)
        await dataset.reject(trx, kept)
      })
      if (rejected > 0) this.report({ message: counted(rejected, 'bad line') })
    }

    const seconds = (performance.now() - since) / 1000
    return {
      rows,
      rejected,
      seconds: Math.round(seconds * 1000) / 1000,
      rowsPerSecond: Math.round((rows - (before?.rows ?? 0)) / seconds),
      rejectedLines: await dataset.rejects(),
    }
  }

  /** Where this one goes on; `null` at the start of the file. */
  async #before(dataset: DatasetImport): Promise<ImportCheckpoint | null> {
    const before = await toImportCheckpoint(this.checkpoint)
    if (before === null || before.task === this.id) return before
    try {
      await this.commit({ ...before, task: this.id }, (trx) => dataset.adopt(trx, before))
      return before
    } catch (error) {
      if (!(error instanceof EarlierRowsGone)) throw error
      this.log.warn('the rows of the earlier import were deleted: begins again')
      this.report({ current: 0, message: null })
      return null
    }
  }
}
