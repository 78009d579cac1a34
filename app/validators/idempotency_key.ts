import { InvalidIdempotencyKey } from '#exceptions/http_errors'
import type { HttpRequest } from '@adonisjs/core/http'

/** Characters of a key. */
const LONGEST = 255

/** The key of a request. Not by AdonisJS' `header`, which takes an empty one for none. */
export function keyOf(request: HttpRequest): string | undefined {
  return idempotencyKey(request.headers()['idempotency-key']?.toString())
}

/**
 * The key of a request that its client may repeat (`Idempotency-Key`, the IETF draft): a structured
 * string (`"…"`, RFC 8941), or the same without quotes, as most clients send it. Throws
 * `InvalidIdempotencyKey`.
 */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const quoted = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/.exec(text)?.[1]?.replace(/\\(.)/g, '$1')
  const key = quoted ?? /^[!#-+\--[\]-~]+$/.exec(text)?.[0]
  if (!key || key.length > LONGEST) throw new InvalidIdempotencyKey(LONGEST)
  return key
}
