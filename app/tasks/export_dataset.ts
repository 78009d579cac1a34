import vine from '@vinejs/vine'
import { createGzip } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'
import { LongTask } from '#engine/long_task'
import { TaskError } from '#engine/errors'
import { stringify } from 'csv-stringify/sync'
import { datasetName } from '#tasks/dataset/dataset_name'
import { DatasetReader } from '#models/dataset_reader'
import type { ResultFile } from '#engine/task_files'

const formats = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
} as const

interface Result {
  readonly rows: number
  readonly file: ResultFile
}

/**
 * Writes all rows of a dataset into a file, as they are when it begins: CSV (RFC 4180) under the
 * columns of all its imports, or one JSON object a line. Begins again after an interruption.
 */
export default class ExportDataset extends LongTask<typeof ExportDataset.input, Result> {
  static type = 'export-dataset'
  static description = 'Writes a dataset into a CSV or NDJSON file'
  static input = vine.create({
    dataset: datasetName(),
    format: vine.enum(['csv', 'ndjson'] as const).optional(),
    gzip: vine.boolean({ strict: true }).optional(),
  })

  static attempts = 3

  async run() {
    const { dataset, format = 'csv', gzip = false } = this.input
    const reader = await DatasetReader.open(this.id, dataset)
    if (!reader) {
      const problem = `There is no dataset "${dataset}"`
      throw new TaskError('dataset-not-found', problem, { retry: false })
    }
    const content = this.#content(reader, format)
    const file = gzip
      ? await this.writeResult(`${dataset}.${format}.gz`, 'application/gzip', gzipped(content))
      : await this.writeResult(`${dataset}.${format}`, formats[format], content)
    return { rows: this.current, file }
  }

  async *#content(reader: DatasetReader, format: keyof typeof formats) {
    const { columns } = reader
    if (format === 'csv') yield toCsv([[...columns]])
    const options = { unit: 'rows', total: reader.rows, size: (rows: string[]) => rows.length }
    for await (const rows of this.each(reader.batches(), options)) {
      yield format === 'csv'
        ? toCsv(rows.map((row) => valuesOf(row, columns)))
        : `${rows.join('\n')}\n`
    }
  }
}

/** The values of a row in the order of the columns; it may lack some. */
function valuesOf(json: string, columns: readonly string[]): string[] {
  const row = JSON.parse(json) as Record<string, string>
  return columns.map((column) => (Object.hasOwn(row, column) ? row[column] : ''))
}

function toCsv(records: string[][]): string {
  return stringify(records, {
    record_delimiter: 'windows',
    quoted_match: /[\r\n]/,
    // An empty value that is alone on its line would be an empty line, which readers skip.
    quoted_empty: records[0]?.length === 1,
  })
}

/** An error of the source is one of the result. */
function gzipped(content: AsyncIterable<string>): Readable {
  return pipeline(Readable.from(content), createGzip(), () => {})
}
