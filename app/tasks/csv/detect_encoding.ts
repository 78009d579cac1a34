import { isAscii, isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { CsvFileError } from '#tasks/csv/csv_error'
import type { CsvEncoding } from '#tasks/csv/csv_types'

const BLOCK_BYTES = 256 * 1024
const LONGEST_CHARACTER = 4

/** The encoding the file's first bytes declare, with the bytes of that declaration. */
export function bomOf(head: Buffer): { encoding: CsvEncoding; bytes: number } | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (starts(0xef, 0xbb, 0xbf)) return { encoding: 'utf8', bytes: 3 }
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) throw unsupported('UTF-32')
  if (starts(0xfe, 0xff)) throw unsupported('UTF-16BE')
  if (starts(0xff, 0xfe)) return { encoding: 'utf16le', bytes: 2 }
  return undefined
}

/**
 * UTF-16LE by where the NUL bytes are, or undefined if there are none: in
 * UTF-16 with a third or more of Latin characters one half of the bytes has them.
 *
 * @throws CsvFileError `csv-unsupported-encoding` for UTF-16BE, `csv-binary`
 * for any other pattern
 */
export function utf16ByNul(head: Buffer): CsvEncoding | undefined {
  let even = 0
  let odd = 0
  let strange = 0
  for (let at = head.indexOf(0); at !== -1; at = head.indexOf(0, at + 1)) {
    if (at % 2 === 0) even++
    else odd++
    // The other half of what would be a character.
    const other = head[at ^ 1]
    if (other !== undefined && isControl(other)) strange++
  }
  if (even + odd === 0) return undefined
  const most = Math.max(even, odd)
  // One NUL, or control characters, may stand anywhere in a small binary file.
  const enough = most >= 2 && most * 6 >= head.length && strange * 50 <= most
  if (enough && odd > even * 10) return 'utf16le'
  if (enough && even > odd * 10) throw unsupported('UTF-16BE')
  throw new CsvFileError('csv-binary', 'The file has NUL bytes: it is not a text file.')
}

/** White space is none. */
export function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 32)
}

/**
 * `utf8` or `latin1`, by the first characters that are not ASCII, however far
 * into the file they are. Reads no further than the block they stand in.
 */
export async function utf8OrLatin1(file: FileHandle): Promise<CsvEncoding> {
  const block = Buffer.alloc(BLOCK_BYTES)
  let kept = 0
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(block, kept, BLOCK_BYTES - kept, position)
    position += bytesRead
    const bytes = block.subarray(0, kept + bytesRead)
    if (bytesRead === 0) return isUtf8(bytes) ? 'utf8' : 'latin1'
    const whole = withoutCutCharacter(bytes)
    if (whole === undefined) return 'latin1'
    if (!isAscii(whole)) return 'utf8'
    kept = bytes.length - whole.length
    block.copyWithin(0, whole.length, bytes.length)
  }
}

/** The valid UTF-8 before a character that may be cut at the end, undefined if the rest is invalid. */
function withoutCutCharacter(bytes: Buffer): Buffer | undefined {
  for (let cut = 0; cut < LONGEST_CHARACTER && cut <= bytes.length; cut++) {
    const whole = bytes.subarray(0, bytes.length - cut)
    if (isUtf8(whole)) return whole
  }
  return undefined
}

function unsupported(encoding: string): CsvFileError {
  return new CsvFileError(
    'csv-unsupported-encoding',
    `The file is written in ${encoding}. Save it as UTF-8.`
  )
}
