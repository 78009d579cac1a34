import { CsvFileError } from '#tasks/csv/csv_error'

const MAX_COLUMNS = 10_000

/** Bytes of all names together: every checkpoint has them, and every row. */
const MAX_NAMES_KIB = 256

/**
 * The header's names, unchanged, once each can be told from the others.
 *
 * @throws CsvFileError `csv-no-header` for a name that is empty or given twice:
 * values under such names could not be told apart; `csv-header-too-large`
 */
export function columnsOf(header: string[], line: number): string[] {
  checkSize(header, line)
  const seen = new Set<string>()
  for (const [index, name] of header.entries()) {
    if (name.trim() === '') {
      throw new CsvFileError(
        'csv-no-header',
        `The header on line ${line} has no name for column ${index + 1}.`,
        line
      )
    }
    if (seen.has(name)) {
      throw new CsvFileError(
        'csv-no-header',
        `The header on line ${line} has the column "${name.slice(0, 100)}" twice.`,
        line
      )
    }
    seen.add(name)
  }
  return header
}

/** What the names take as JSON. */
export function jsonBytes(names: readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(names))
}

function checkSize(header: string[], line: number): void {
  const bad = (problem: string) =>
    new CsvFileError('csv-header-too-large', `The header on line ${line} ${problem}.`, line)
  if (header.length > MAX_COLUMNS) {
    throw bad(`has ${header.length} columns; there may be ${MAX_COLUMNS}`)
  }
  if (jsonBytes(header) > MAX_NAMES_KIB * 1024) {
    throw bad(`has names of more than ${MAX_NAMES_KIB} KiB together`)
  }
}

/**
 * A line of nothing but white space is a blank line, not a record of one
 * column. (A line of no characters never gets here, so an empty value was quoted.)
 */
export function isBlankRecord(values: string[], columns: number | undefined): boolean {
  const [value] = values
  return values.length === 1 && columns !== 1 && value !== undefined && /^[^\S\r\n]+$/.test(value)
}
