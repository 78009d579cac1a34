const CR = 0x0d
const LF = 0x0a

/** A line break is CRLF, LF or CR, as editors count them. */
export function countLineBreaks(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === LF || (code === CR && text.charCodeAt(at + 1) !== LF)) count++
  }
  return count
}

/**
 * Line breaks in undecoded bytes. Offsets are in bytes, counted from the start
 * of a record; `unit` is the size of a character, 2 in UTF-16LE.
 */
export class ByteLines {
  readonly unit: 1 | 2

  constructor(encoding: string) {
    this.unit = encoding === 'utf16le' || encoding === 'ucs2' ? 2 : 1
  }

  /**
   * The offset after the first line break at or after `from`, or undefined
   * where the bytes do not tell it yet: a CR at their end may be half a CRLF.
   */
  endOfLine(bytes: Buffer, from: number): number | undefined {
    for (let at = from; at + this.unit <= bytes.length; at += this.unit) {
      const length = this.#breakAt(bytes, at)
      if (length === undefined) return undefined
      if (length > 0) return at + length
    }
    return undefined
  }

  /** The blank lines at the start of the bytes. A break not seen in full is left out. */
  leadingBlank(bytes: Buffer): { lines: number; length: number } {
    const blank = { lines: 0, length: 0 }
    for (;;) {
      const length = this.#breakAt(bytes, blank.length)
      if (length === undefined || length === 0) return blank
      blank.length += length
      blank.lines++
    }
  }

  #breakAt(bytes: Buffer, at: number): number | undefined {
    const code = this.#codeAt(bytes, at)
    if (code === LF) return this.unit
    if (code !== CR) return 0
    const next = this.#codeAt(bytes, at + this.unit)
    if (next === undefined) return undefined
    return next === LF ? 2 * this.unit : this.unit
  }

  #codeAt(bytes: Buffer, at: number): number | undefined {
    if (at + this.unit > bytes.length) return undefined
    return this.unit === 2 ? bytes.readUInt16LE(at) : bytes[at]
  }
}
