import { errors } from '@vinejs/vine'

/** An opaque place in a list: the number or the name of its last entry. */
export function cursorOf(place: number | string): string {
  return Buffer.from(String(place)).toString('base64url')
}

/** The place that a cursor names. Throws a validation error for what is none of ours. */
export function seqOf(cursor: string): number {
  const text = placeOf(cursor)
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : refuse()
}

/** The name of the last dataset that a list has given. Throws like `seqOf`. */
export function placeOf(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  return cursorOf(text) === cursor ? text : refuse()
}

function refuse(): never {
  const message = 'The cursor is not one that a list has given'
  throw new errors.E_VALIDATION_ERROR([{ field: 'cursor', rule: 'cursor', message }])
}
