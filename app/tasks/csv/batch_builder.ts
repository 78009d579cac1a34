import type { CsvBatch, CsvCursor, CsvDialect, CsvRejection, CsvRow } from '#tasks/csv/csv_types'
import { CsvFileError, type CsvErrorCode } from '#tasks/csv/csv_error'
import { counted } from '#tasks/csv/counted'
import { columnsOf, isBlankRecord, jsonBytes } from '#tasks/csv/header'
import type { RecordSink } from '#tasks/csv/record_scanner'

/**
 * Bytes of the file, and of the names that its rows repeat, after which a batch is full however few
 * its rows are: a batch is in memory and in one transaction, and progress is told between two.
 */
const BATCH_BYTES = 1024 * 1024

/**
 * Turns records into batches, each with the cursor behind its last record: of `batchRows` rows and
 * rejections, or fewer where they are large. Takes the first record as the header unless the cursor
 * brings one.
 */
export class BatchBuilder implements RecordSink {
  readonly #dialect: CsvDialect
  /** Rows and rejections of one batch at most. */
  #mostRows: number
  /** The file offset at which the batch is full. */
  #fullAt: number
  #columns: string[] | undefined
  #toValues: ToValues = plainValues
  #rows: CsvRow[] = []
  #rejected: CsvRejection[] = []
  #ready: CsvBatch[] = []

  constructor(dialect: CsvDialect, batchRows: number, cursor: CsvCursor | undefined) {
    this.#dialect = dialect
    this.#mostRows = batchRows
    this.#fullAt = (cursor?.offset ?? dialect.bomBytes) + BATCH_BYTES
    if (cursor) this.#takeColumns(cursor.columns)
  }

  /** False until the header has been seen. */
  get hasHeader(): boolean {
    return this.#columns !== undefined
  }

  /** @throws CsvFileError `csv-no-header`, `csv-header-too-large` if it is an unusable header. */
  record(values: string[], line: number, end: number, nextLine: number): void {
    const columns = this.#columns
    if (isBlankRecord(values, columns?.length)) return
    if (columns === undefined) {
      this.#takeColumns(columnsOf(values, line))
      return
    }
    if (values.length !== columns.length) {
      const last = nextLine - 1
      const span = last > line ? `; the record goes on to line ${last}` : ''
      this.reject(
        line,
        `${counted(values.length, 'column')} instead of ${columns.length}${span}`,
        end,
        nextLine
      )
      return
    }
    this.#rows.push({ line, values: this.#toValues(columns, values) })
    this.#cutIfFull(end, nextLine)
  }

  /** @throws CsvFileError with `code` if it is the header that is rejected. */
  reject(
    line: number,
    reason: string,
    end: number,
    nextLine: number,
    code: CsvErrorCode = 'csv-no-header'
  ): void {
    if (this.#columns === undefined) {
      throw new CsvFileError(code, `The header on line ${line} cannot be read: ${reason}.`, line)
    }
    this.#rejected.push({ line, reason })
    this.#cutIfFull(end, nextLine)
  }

  /** The full batches so far; each is given once. */
  take(): CsvBatch[] {
    const batches = this.#ready
    if (batches.length > 0) this.#ready = []
    return batches
  }

  /** Makes what is left a batch that ends at `end`, if anything is left. */
  cut(end: number, nextLine: number): void {
    if (this.#columns === undefined || this.#rows.length + this.#rejected.length === 0) return
    const cursor = { offset: end, line: nextLine, columns: this.#columns, dialect: this.#dialect }
    this.#ready.push({ rows: this.#rows, rejected: this.#rejected, bytes: end, cursor })
    this.#rows = []
    this.#rejected = []
    this.#fullAt = end + BATCH_BYTES
  }

  #takeColumns(columns: string[]): void {
    this.#columns = columns
    this.#mostRows = Math.min(this.#mostRows, Math.ceil(BATCH_BYTES / jsonBytes(columns)))
    this.#toValues = columns.includes('__proto__') ? definedValues : plainValues
  }

  #cutIfFull(end: number, nextLine: number): void {
    const count = this.#rows.length + this.#rejected.length
    if (count >= this.#mostRows || end >= this.#fullAt) this.cut(end, nextLine)
  }
}

type ToValues = (columns: readonly string[], record: readonly string[]) => Record<string, string>

function plainValues(columns: readonly string[], record: readonly string[]) {
  const values: Record<string, string> = {}
  for (let at = 0; at < columns.length; at++) values[columns[at] ?? ''] = record[at] ?? ''
  return values
}

/** For a column `__proto__`: plain assignment is the fast one, but would lose its value to the setter. */
function definedValues(columns: readonly string[], record: readonly string[]) {
  const entries = columns.map((name, at) => [name, record[at] ?? ''])
  return Object.fromEntries(entries) as Record<string, string>
}
