import string from '@adonisjs/core/helpers/string'

/** The longest that a timer of Node can wait (2^31 − 1 ms), in whole days. */
export const LONGEST_TIMER = '24d'

/** Whether this is a duration such as `500ms`, `30s`, `15m`, `1h`, `30d`. */
export function isDuration(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,9}(ms|s|m|h|d)$/.test(value)
}

export function milliseconds(duration: string): number {
  return string.milliseconds.parse(duration)
}
