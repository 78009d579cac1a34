import { isAscii, isUtf8 } from 'node:buffer'
import type { CsvEncoding } from '#tasks/csv/csv_types'

/**
 * Why bytes cannot be decoded without loss, or undefined if they can. Node
 * would replace or alter such characters without a word. Bytes cut within a
 * character count as a problem, so whole records must be given for a verdict.
 */
export function rawProblem(bytes: Buffer, encoding: CsvEncoding): string | undefined {
  if (encoding === 'utf16le' || encoding === 'ucs2') return undefined
  if (bytes.includes(0)) return 'a NUL character in the line'
  if (encoding === 'utf8' && !isUtf8(bytes)) return 'not valid UTF-8'
  if (encoding === 'ascii' && !isAscii(bytes)) return 'a character that is not ASCII'
  return undefined
}
