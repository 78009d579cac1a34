import { isUtf8 } from 'node:buffer'
import { DuplicateKey, NotUtf8 } from '#exceptions/http_errors'

/** Of JSON that is valid: strings with the colon that makes them keys, and the ends of objects. */
const tokens = /"((?:[^"\\]+|\\.)*)"(\s*:)?|[{}]/g

/**
 * Refuses what `JSON.parse` lets pass: bytes that are no UTF-8 (RFC 8259 §8.1), which it is handed as
 * U+FFFD, and names that come twice in an object (§4), of which it takes the last. Throws `NotUtf8`,
 * `DuplicateKey`.
 *
 * @param bytes JSON that has been parsed
 */
export function checkJson(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new NotUtf8()
  const twice = repeatedKey(bytes.toString())
  if (twice !== null) throw new DuplicateKey(twice)
}

/** The first key of valid JSON that its object has already. */
export function repeatedKey(json: string): string | null {
  const objects: Set<string>[] = []
  for (const [token, text = '', colon] of json.matchAll(tokens)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (colon !== undefined) {
      const key: string = text.includes('\\') ? JSON.parse(`"${text}"`) : text
      if (objects.at(-1)?.has(key)) return key
      objects.at(-1)?.add(key)
    }
  }
  return null
}
