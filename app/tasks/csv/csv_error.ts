import { TaskError } from '#engine/errors'

/** What can stop the reading of a whole file; a single bad line never does. */
export type CsvErrorCode =
  | 'csv-empty'
  | 'csv-binary'
  | 'csv-no-header'
  | 'csv-header-too-large'
  | 'csv-unclosed-quote'
  | 'csv-record-too-large'
  | 'csv-unsupported-encoding'

/**
 * The file itself cannot be read as CSV. Every message is meant for the person
 * who supplied the file. `line` is the physical line (1-based) at fault, where
 * one line is.
 */
export class CsvFileError extends TaskError {
  declare readonly code: CsvErrorCode

  constructor(
    code: CsvErrorCode,
    message: string,
    readonly line?: number
  ) {
    super(code, message, { retry: false })
  }
}
