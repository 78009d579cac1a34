import { isUtf8 } from 'node:buffer'
import { DuplicateKey, NotUtf8 } from '#exceptions/http_errors'
import { unknown } from '#validators/refused'

/** Of JSON that is valid: strings with the colon that makes them keys, and the ends of objects. */
const tokens = /"((?:[^"\\]+|\\.)*)"(\s*:)?|[{}]/g

/**
 * Refuses what `JSON.parse` lets pass: bytes that are no UTF-8 (RFC 8259 §8.1), which it is handed as
 * U+FFFD, and what `checkKeys` refuses. Throws `NotUtf8`, and what that throws.
 *
 * @param bytes JSON that has been parsed
 */
export function checkJson(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new NotUtf8()
  checkKeys(bytes.toString())
}

/**
 * Refuses names that come twice in an object (RFC 8259 §4), of which `JSON.parse` takes the last, and
 * `__proto__`, which AdonisJS drops without a word. Throws `DuplicateKey`, Vine's error for a field
 * that is not known.
 *
 * @param json text that has been parsed
 */
export function checkKeys(json: string): void {
  const objects: Set<string>[] = []
  for (const [token, text = '', colon] of json.matchAll(tokens)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (colon !== undefined) {
      const key: string = text.includes('\\') ? JSON.parse(`"${text}"`) : text
      if (objects.at(-1)?.has(key)) throw new DuplicateKey(key)
      if (key === '__proto__') throw unknown(key)
      objects.at(-1)?.add(key)
    }
  }
}
