import { Readable } from 'node:stream'

/** What can be written: text (as UTF-8) or bytes, whole or piece by piece. */
export type Bytes =
  string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** A part of a file, both ends included. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Characters of a file's name. */
const NAME_LIMIT = 200

/** A stream of bytes that takes from its source as it is read. */
export function toBytes(source: Bytes): Readable {
  const pieces = typeof source === 'string' || source instanceof Uint8Array ? [source] : source
  return Readable.from(encoded(pieces), { objectMode: false })
}

/** A part of a stream whose source can't give less than the whole. */
export function slice(stream: Readable, { start, end }: Range): Readable {
  return Readable.from(within(stream, start, end + 1), { objectMode: false })
}

/** A name for people: no path, nothing that a terminal or a reader could be fooled by. */
export function fileName(name: string): string {
  const safe = name
    .toWellFormed()
    // Separators, control characters, and those that turn the direction of writing.
    .replace(/[/\\\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '_')
    .replace(/^[.\s]+/, '')
    .slice(0, NAME_LIMIT)
    .toWellFormed()
  return safe || 'result'
}

async function* encoded(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>
) {
  for await (const piece of pieces) {
    if (piece.length > 0) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  }
}

async function* within(stream: Readable, start: number, end: number) {
  let offset = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const from = Math.max(0, start - offset)
    const to = Math.min(chunk.length, end - offset)
    if (from < to) yield chunk.subarray(from, to)
    offset += chunk.length
    if (offset >= end) return
  }
}
