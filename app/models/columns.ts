import { DateTime } from 'luxon'
import { column } from '@adonisjs/lucid/orm'

/**
 * A point in time, kept to the millisecond on every database. Lucid's own date columns drop the
 * milliseconds on SQLite, and a snapshot read from the table must equal the one told before.
 */
export function instant() {
  return column({
    prepare: (value: DateTime | null | undefined) => value?.toUTC().toISO() ?? null,
    consume: (value: string | Date | null) =>
      value === null
        ? null
        : value instanceof Date
          ? DateTime.fromJSDate(value, { zone: 'utc' })
          : DateTime.fromISO(value, { zone: 'utc' }),
  })
}

/** A JSON value in a text column. */
export function json() {
  return column({
    prepare: (value: unknown) =>
      value === undefined || value === null ? null : JSON.stringify(value),
    consume: (value: string | null) => (value === null ? null : JSON.parse(value)),
  })
}

/** A 64-bit integer below 2^53, read as a number also where the driver gives a string. */
export function integer() {
  return column({ consume: (value: unknown) => (value === null ? null : Number(value)) })
}
