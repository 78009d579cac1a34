import string from '@adonisjs/core/helpers/string'
import { setTimeout } from 'node:timers/promises'

/** The longest that a timer of Node can wait (2^31 − 1 ms), in whole days. */
export const LONGEST_TIMER = '24d'

/** The longest that anything may wait for: no date is beyond what a date can be. */
export const LONGEST = '3650d'

/** Whether this is a duration such as `500ms`, `30s`, `15m`, `1h`, `30d`: some, and at most `longest`. */
export function isDuration(value: unknown, longest = LONGEST): value is string {
  const isOne = typeof value === 'string' && /^0*[1-9]\d{0,8}(ms|s|m|h|d)$/.test(value)
  return isOne && milliseconds(value) <= milliseconds(longest)
}

export function milliseconds(duration: string): number {
  return string.milliseconds.parse(duration)
}

/** Waits for the work, but no longer than that many milliseconds. Throws what it throws. */
export async function within(most: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const time = setTimeout(most, undefined, { signal: over.signal }).catch(() => {})
  await Promise.race([work, time]).finally(() => over.abort())
}
