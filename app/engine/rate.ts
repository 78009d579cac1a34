/** Milliseconds that the rate looks back. */
const WINDOW = 10_000
const SPACING = 250

interface Sample {
  readonly at: number
  readonly progress: number | null
  readonly current: number | null
}

/**
 * Rate and remaining time of one run, from its reports of the last ten seconds. Owns at most 41
 * samples. Says `null` rather than nonsense.
 */
export class Rate {
  readonly #samples: Sample[] = []

  /** Takes what was reported at `at` (ms, monotonic) and gives the estimate as of then. */
  update(sample: Sample): { rate: number | null; etaSeconds: number | null } {
    const newest = this.#samples.at(-1)
    if (!newest || sample.at - newest.at >= SPACING) this.#samples.push(sample)
    while (this.#samples.length > 1 && sample.at - (this.#samples[1]?.at ?? 0) >= WINDOW) {
      this.#samples.shift()
    }
    const oldest = this.#samples[0] ?? sample
    const seconds = (sample.at - oldest.at) / 1000
    if (seconds < SPACING / 1000) return { rate: null, etaSeconds: null }

    const counted = gained(oldest.current, sample.current)
    const percent = gained(oldest.progress, sample.progress)
    return {
      rate: counted === null ? null : round(counted / seconds),
      etaSeconds:
        percent === null || percent <= 0
          ? null
          : round(((100 - (sample.progress ?? 0)) / percent) * seconds),
    }
  }
}

function gained(before: number | null, after: number | null): number | null {
  return after === null ? null : after - (before ?? 0)
}

/** Three significant digits: enough for people, stable for bytes. */
function round(value: number): number {
  return Number(value.toPrecision(3))
}
