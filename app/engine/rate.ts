/** Milliseconds that the rate looks back. */
const WINDOW = 10_000
const SPACING = 250

interface Sample {
  readonly at: number
  readonly current: number | null
}

/**
 * Units a second of one run, from its reports of the last ten seconds. Owns at most 41 samples. Says
 * `null` rather than nonsense.
 */
export class Rate {
  readonly #samples: Sample[] = []

  /** Takes what was reported at `at` (ms, monotonic) and gives the rate as of then. */
  update(sample: Sample): number | null {
    const newest = this.#samples.at(-1)
    if (!newest || sample.at - newest.at >= SPACING) this.#samples.push(sample)
    while (this.#samples.length > 1 && sample.at - (this.#samples[1]?.at ?? 0) >= WINDOW) {
      this.#samples.shift()
    }
    const oldest = this.#samples[0] ?? sample
    const seconds = (sample.at - oldest.at) / 1000
    if (seconds < SPACING / 1000 || sample.current === null) return null
    const gained = sample.current - (oldest.current ?? 0)
    return gained < 0 ? null : round(gained / seconds)
  }
}

/** Three significant digits: enough for people, stable for bytes. */
function round(value: number): number {
  return Number(value.toPrecision(3))
}
