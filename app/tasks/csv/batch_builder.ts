import type { CsvBatch, CsvCursor, CsvDialect, CsvRejection, CsvRow } from '#tasks/csv/csv_types'
import { CsvFileError, type CsvErrorCode } from '#tasks/csv/csv_error'
import { columnsOf, isBlankRecord } from '#tasks/csv/header'
import type { RecordSink } from '#tasks/csv/record_scanner'

/**
 * Turns records into batches of exactly `batchRows` rows and rejections, each
 * with the cursor behind its last record. Takes the first record as the header
 * unless the cursor brings one.
 */
export class BatchBuilder implements RecordSink {
  readonly #dialect: CsvDialect
  readonly #batchRows: number
  #columns: string[] | undefined
  #rows: CsvRow[] = []
  #rejected: CsvRejection[] = []
  #ready: CsvBatch[] = []

  constructor(dialect: CsvDialect, batchRows: number, cursor: CsvCursor | undefined) {
    this.#dialect = dialect
    this.#batchRows = batchRows
    this.#columns = cursor?.columns
  }

  /** False until the header has been seen. */
  get hasHeader(): boolean {
    return this.#columns !== undefined
  }

  /** @throws CsvFileError `csv-no-header` if the record is an unusable header. */
  record(values: string[], line: number, end: number, nextLine: number): void {
    const columns = this.#columns
    if (isBlankRecord(values, columns?.length)) return
    if (columns === undefined) {
      this.#columns = columnsOf(values, line)
      return
    }
    if (values.length !== columns.length) {
      const last = nextLine - 1
      const span = last > line ? `; the record goes on to line ${last}` : ''
      this.reject(
        line,
        `${values.length} columns instead of ${columns.length}${span}`,
        end,
        nextLine
      )
      return
    }
    this.#rows.push({ line, values: toValues(columns, values) })
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
  }

  #cutIfFull(end: number, nextLine: number): void {
    if (this.#rows.length + this.#rejected.length >= this.#batchRows) this.cut(end, nextLine)
  }
}

function toValues(columns: string[], record: string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [index, column] of columns.entries()) {
    const name = column ?? ''
    const value = record[index] ?? ''
    // Plain assignment is the fast one, but would lose the value to the setter of this name.
    if (name === '__proto__') {
      Object.defineProperty(values, name, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    } else {
      values[name] = value
    }
  }
  return values
}
