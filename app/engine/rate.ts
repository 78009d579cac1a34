/** Milliseconds that the rate looks back. */
const WINDOW = 10_000
const SPACING = 250

/**
 * Units a second of one run, from its reports of the last ten seconds. Owns at most 41 samples. Says
 * `null` rather than nonsense.
 */
export class Rate {
  /** When the samples were taken, and what had been counted: numbers alone, as they live for long. */
  readonly #at: number[] = []
  readonly #counts: number[] = []

  /** Takes what was reported at `at` (ms, monotonic) and gives the rate as of then. */
  update({ at, current }: { at: number; current: number | null }): number | null {
    const [times, counts] = [this.#at, this.#counts]
    if (times.length === 0 || at - times[times.length - 1] >= SPACING) {
      times.push(at)
      counts.push(current ?? 0)
    }
    while (times.length > 1 && at - times[1] >= WINDOW) {
      times.shift()
      counts.shift()
    }
    const seconds = (at - times[0]) / 1000
    if (seconds < SPACING / 1000 || current === null) return null
    const gained = current - counts[0]
    return gained < 0 ? null : round(gained / seconds)
  }
}

/** Three significant digits: enough for people, stable for bytes. */
function round(value: number): number {
  return Number(value.toPrecision(3))
}
