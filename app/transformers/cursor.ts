import { errors } from '@vinejs/vine'

/** An opaque place in the list of tasks. */
export function cursorOf(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url')
}

/** The place that a cursor names. Throws a validation error for what is none of ours. */
export function seqOf(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (/^[1-9]\d{0,15}$/.test(text) && cursorOf(Number(text)) === cursor) return Number(text)
  const message = 'The cursor is not one that a list has given'
  throw new errors.E_VALIDATION_ERROR([{ field: 'cursor', rule: 'cursor', message }])
}
