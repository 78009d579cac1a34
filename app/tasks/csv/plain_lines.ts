import type { CsvDialect } from '#tasks/csv/csv_types'
import { rawProblem } from '#tasks/csv/raw_problem'

/** Bytes looked at in one go: lines longer than that are left to csv-parse. */
export const PLAIN_BYTES = 16 * 1024

const LF = 0x0a

/**
 * Gives the lines at the head of `bytes` for as long as each is one record by itself and there is
 * only one way to read it; csv-parse, which takes eight times as long, has the word on all others.
 * A line has no values where it is blank; `size` is in bytes, its line break included.
 *
 * @param bytes in an encoding in which a line feed is one byte that is nothing else
 * @returns how many bytes were given
 */
export function takePlainLines(
  bytes: Buffer,
  { encoding, delimiter }: CsvDialect,
  give: (values: string[] | undefined, size: number) => void
): number {
  const end = bytes.lastIndexOf(LF, PLAIN_BYTES - 1) + 1
  if (rawProblem(bytes.subarray(0, end), encoding) !== undefined) return 0
  let from = 0
  while (from < end) {
    const next = bytes.indexOf(LF, from) + 1
    const text = bytes.toString(encoding, from, next - 1)
    const line = text.endsWith('\r') ? text.slice(0, -1) : text
    const values = line === '' ? undefined : plainValues(line, delimiter)
    if (values === null) return from
    give(values, next - from)
    from = next
  }
  return from
}

/** The values of a line, or null if it has a quote or a line break out of place. */
function plainValues(line: string, delimiter: string): string[] | null {
  if (line.includes('\r')) return null
  return line.includes('"') ? quotedValues(line, delimiter) : line.split(delimiter)
}

function quotedValues(line: string, delimiter: string): string[] | null {
  const values: string[] = []
  for (let from = 0; ; from += delimiter.length) {
    if (line[from] === '"') {
      const close = closingQuote(line, from)
      if (close === -1) return null
      values.push(line.slice(from + 1, close).replaceAll('""', '"'))
      from = close + 1
    } else {
      const at = line.indexOf(delimiter, from)
      const value = line.slice(from, at === -1 ? line.length : at)
      if (value.includes('"')) return null
      values.push(value)
      from += value.length
    }
    if (from === line.length) return values
    if (!line.startsWith(delimiter, from)) return null
  }
}

/** Where the quote that opens at `from` closes, -1 if it does not. */
function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from + 1)
  while (at !== -1 && line[at + 1] === '"') at = line.indexOf('"', at + 2)
  return at
}
