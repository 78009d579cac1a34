import { CsvFileError } from '#tasks/csv/csv_error'

/**
 * The header's names, unchanged, once each can be told from the others.
 *
 * @throws CsvFileError `csv-no-header` for a name that is empty or given twice:
 * values under such names could not be told apart.
 */
export function columnsOf(header: string[], line: number): string[] {
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

/**
 * A line of nothing but white space is a blank line, not a record of one
 * column. (A line of no characters never gets here, so an empty value was quoted.)
 */
export function isBlankRecord(values: string[], columns: number | undefined): boolean {
  const [value] = values
  return values.length === 1 && columns !== 1 && value !== undefined && /^[^\S\r\n]+$/.test(value)
}
