import { Parser } from 'csv-parse'
import { MAX_RECORD_BYTES, type CsvDialect } from '#tasks/csv/csv_types'

/**
 * csv-parse's streaming parser, fed by hand: the records of some bytes are
 * handed over before `parse` returns, while `info` still tells the position of
 * each. Piping and iterating would cost about a third more time, and `info` as
 * csv-parse's option would cost one object more a record.
 */
export class RecordParser extends Parser {
  readonly #onRecord: (values: string[]) => void

  /** `onRecord` is called synchronously for every record that is not a blank line, of any length. */
  constructor(dialect: CsvDialect, onRecord: (values: string[]) => void) {
    super({
      encoding: dialect.encoding,
      delimiter: dialect.delimiter,
      // Accepted side by side, so that no line ending has to be detected or remembered.
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: MAX_RECORD_BYTES,
      // Lengths are judged against the header by the caller, who can count the bad ones.
      relax_column_count: true,
      skip_empty_lines: true,
    })
    this.#onRecord = onRecord
  }

  override push(record: unknown): boolean {
    if (Array.isArray(record)) this.#onRecord(record)
    return true
  }

  /** Returns the error that ended the parsing; a parser is of no more use after one. */
  parse(bytes: Buffer): Error | undefined {
    let failure: Error | undefined
    this._transform(bytes, 'utf8', (error) => (failure = error ?? undefined))
    return failure
  }

  /** Hands over a last record without line ending. Returns like `parse`. */
  finish(): Error | undefined {
    let failure: Error | undefined
    this._flush((error) => (failure = error ?? undefined))
    return failure
  }
}
