/*
| Numbers, times and sizes as people read them; used by the server too, so that what it renders is
| what the page shows.
*/

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Keeps a number and its unit on one line. */
const NARROW = '\u202f'

/** Seconds as `<1 s`, `4 s`, `1 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds))
  if (s === 0) return `<1${NARROW}s`
  if (s < 60) return `${s}${NARROW}s`
  if (s < 3600) return join(Math.floor(s / 60), 'min', s % 60, 's')
  if (s < 86_400) return join(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min')
  return join(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3600), 'h')
}

/** An estimate: from ten minutes on without seconds. */
export function estimate(seconds) {
  const rounded = seconds >= 600 && seconds < 3600 ? Math.round(seconds / 60) : null
  return rounded === null ? `~${duration(seconds)}` : `~${rounded}${NARROW}min`
}

function join(first, firstUnit, second, secondUnit) {
  const padded = String(second).padStart(2, '0')
  return `${first}${NARROW}${firstUnit} ${padded}${NARROW}${secondUnit}`
}

/** `1,234,567` */
export function count(value) {
  return whole.format(value)
}

/** Bytes as `12.3 MB`. */
export function size(bytes) {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${NARROW}${units[unit]}`
}

function isBytes(unit) {
  return unit === 'bytes' || unit === 'B'
}

/** What a task does a second: `12.3k rows/s`. */
export function rate(value, unit) {
  if (isBytes(unit)) return `${size(value)}/s`
  const amount =
    value >= 1000 ? short.format(value).replace('K', 'k') : String(Number(value.toPrecision(2)))
  return unit ? `${amount}${NARROW}${unit}/s` : `${amount}/s`
}

/** `420 of 1,000 rows` */
export function amount(current, total, unit) {
  const number = isBytes(unit) ? size : count
  const of = total === null ? number(current) : `${number(current)} of ${number(total)}`
  return unit && !isBytes(unit) ? `${of} ${unit}` : of
}

const pad = (value) => String(value).padStart(2, '0')
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** The time of day, local to whoever looks: `22:05:31`. */
export function clock(time) {
  const at = new Date(time)
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** The same, with the day instead of the seconds where that isn't today's: `31 May 22:05`. */
export function when(time, now) {
  const at = new Date(time)
  if (at.toDateString() === new Date(now).toDateString()) return clock(time)
  return `${at.getDate()} ${months[at.getMonth()]} ${clock(time).slice(0, 5)}`
}

/** The same with the date: `2026-05-31 22:05:31`. */
export function moment(time) {
  const at = new Date(time)
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(at)}`
}

/** How long ago, in one unit: `just now`, `3 min ago`. */
export function ago(seconds) {
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${NARROW}min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${NARROW}h ago`
  return `${Math.floor(seconds / 86_400)}${NARROW}d ago`
}

/** As the server says it, which doesn't know where its reader is: `22:05:31 UTC`, or with the day. */
export function utc(time, now) {
  const [day, hours] = new Date(time).toISOString().slice(0, 19).split('T')
  const isToday = day === new Date(now).toISOString().slice(0, 10)
  return isToday ? `${hours} UTC` : `${day} ${hours.slice(0, 5)} UTC`
}
