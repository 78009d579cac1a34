/** Encodings csv-parse reads through Node's own decoders. `ucs2` is another name of `utf16le`. */
export const CSV_ENCODINGS = ['utf8', 'utf16le', 'ucs2', 'latin1', 'ascii'] as const

export type CsvEncoding = (typeof CSV_ENCODINGS)[number]

/**
 * How a file is written. There is no line ending in it: CRLF, LF and CR each
 * end a record, also mixed in one file.
 */
export interface CsvDialect {
  encoding: CsvEncoding
  delimiter: string
  /** Bytes before the first character. */
  bomBytes: number
}

/**
 * Where a later read goes on: small plain JSON, and all such a read needs.
 * Nothing is detected again.
 */
export interface CsvCursor {
  /** File offset in bytes of the next record. */
  offset: number
  /** Physical line (1-based) at that offset. */
  line: number
  /** Column names in file order. */
  columns: string[]
  dialect: CsvDialect
}

export interface CsvRow {
  /** Physical line (1-based) on which the record starts. */
  line: number
  /** One value for each column, an own property each, also for `__proto__`. */
  values: Record<string, string>
}

export interface CsvRejection {
  /** Physical line (1-based) on which the rejected record starts. */
  line: number
  /** Short, for people, without the values of the line. */
  reason: string
}

export interface CsvBatch {
  rows: CsvRow[]
  rejected: CsvRejection[]
  /** File bytes consumed up to the end of this batch, the BOM and the header included. */
  bytes: number
  cursor: CsvCursor
}

/** Bytes a record may have in the file, its own line breaks included. */
export const MAX_RECORD_BYTES = 1024 * 1024
