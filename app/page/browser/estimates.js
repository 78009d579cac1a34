import { clock } from './format.js'

/** Milliseconds of estimates that make the band. */
const BAND = 20_000
/** However alike they are, an estimate is not surer than this part of what is left, and a second. */
const LEAST_DOUBT = 0.05
const LEAST = 1000
/** Milliseconds of waiting from which on nobody wants to know the second. */
const COARSE = 600_000

/** When a task is expected to end: what was estimated in the last twenty seconds. Moments in ms. */
export class Estimates {
  #made = []
  #attempt

  take({ status, attempt, etaSeconds }, at) {
    if (attempt !== this.#attempt || status !== 'processing' || etaSeconds === null) this.#made = []
    this.#attempt = attempt
    if (status !== 'processing' || etaSeconds === null) return
    this.#made.push({ at, end: at + etaSeconds * 1000 })
    while (this.#made[0].at < at - BAND) this.#made.shift()
  }

  /** The newest, and between what it may be; `null` without one. */
  at(now) {
    const last = this.#made.at(-1)
    if (!last) return null
    const end = Math.max(now, last.end)
    const doubt = Math.max(LEAST, (end - now) * LEAST_DOUBT)
    const ends = this.#made.map((each) => each.end)
    return {
      end,
      low: Math.max(now, Math.min(end - doubt, ...ends)),
      high: Math.max(end + doubt, ...ends),
    }
  }
}

/** `expected 14:01–14:03` */
export function expected({ low, high }, now) {
  const written = (time) => (high - now < COARSE ? clock(time) : clock(time).slice(0, 5))
  const [from, to] = [written(low), written(high)]
  return `expected ${from === to ? from : `${from}–${to}`}`
}
