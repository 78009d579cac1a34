import { createHash } from 'node:crypto'

/** SHA-256 (hex) of a JSON value, the same for any order of keys. */
export function fingerprint(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  )
  return createHash('sha256').update(text).digest('hex')
}
