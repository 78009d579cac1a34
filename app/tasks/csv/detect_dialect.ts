import { open } from 'node:fs/promises'
import { CsvFileError } from '#tasks/csv/csv_error'
import { CSV_ENCODINGS, type CsvDialect, type CsvEncoding } from '#tasks/csv/csv_types'
import { delimiterOf } from '#tasks/csv/detect_delimiter'
import { bomOf, isControl, utf16ByNul, utf8OrLatin1 } from '#tasks/csv/detect_encoding'

const HEAD_BYTES = 64 * 1024

/**
 * How a CSV file is written. What is given is taken as it is, the rest is
 * detected: the delimiter from the first 64 KiB, the encoding from there and,
 * if all of it is ASCII, up to the first characters that are not.
 *
 * @throws CsvFileError `csv-empty` for a file of nothing but blank lines,
 * `csv-binary`, `csv-unsupported-encoding`
 * @throws RangeError if the given delimiter is not one character other than a quote or line break
 * @throws the system's error if the file cannot be opened or read
 */
export async function detectDialect(
  path: string,
  given: { delimiter?: string | undefined; encoding?: CsvEncoding | undefined } = {}
): Promise<CsvDialect> {
  checkGiven(given.delimiter, given.encoding)
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
    const head = buffer.subarray(0, bytesRead)
    const bom = bomOf(head)
    const encoding =
      given.encoding ?? bom?.encoding ?? utf16ByNul(head) ?? (await utf8OrLatin1(file))
    const bomBytes =
      bom !== undefined && isUtf16(bom.encoding) === isUtf16(encoding) ? bom.bytes : 0
    checkText(head, encoding)
    const text = head.subarray(bomBytes).toString(encoding)
    const { size } = await file.stat()
    if (text.trim() === '' && size <= HEAD_BYTES)
      throw new CsvFileError('csv-empty', 'The file is empty.')
    return {
      encoding,
      delimiter: given.delimiter ?? delimiterOf(text, size > HEAD_BYTES),
      bomBytes,
    }
  } finally {
    await file.close()
  }
}

function checkGiven(delimiter: string | undefined, encoding: CsvEncoding | undefined): void {
  if (encoding !== undefined && !CSV_ENCODINGS.includes(encoding)) {
    throw new CsvFileError(
      'csv-unsupported-encoding',
      `The encoding "${String(encoding)}" is none of ${CSV_ENCODINGS.join(', ')}.`
    )
  }
  if (delimiter !== undefined && !/^[^"\r\n]$/u.test(delimiter)) {
    throw new RangeError('A delimiter must be one character other than a quote or a line break.')
  }
}

function isUtf16(encoding: CsvEncoding): boolean {
  return encoding === 'utf16le' || encoding === 'ucs2'
}

/** Control characters but for white space are nearly absent from text and frequent in anything else. */
function checkText(head: Buffer, encoding: CsvEncoding): void {
  if (isUtf16(encoding)) return
  let control = 0
  for (const byte of head) {
    if (byte === 0)
      throw new CsvFileError('csv-binary', 'The file has NUL bytes: it is not a text file.')
    if (isControl(byte)) control++
  }
  if (control > 4 && control * 50 > head.length) {
    throw new CsvFileError(
      'csv-binary',
      'The file has too many control characters for a text file.'
    )
  }
}
