import {
  durationOf,
  fractionAt,
  POINTS,
  straight,
  type CompletedRun,
  type ProgressCurve,
} from '#engine/progress_curve'

/** Percent between two points of a curve. */
const STEP = 100 / (POINTS - 1)
/** The recent pace is that since the point before the last; it is expected to last for so much of the way. */
const LOOK_BACK = 2
const LASTS = 0.03
/** Milliseconds before which the own pace says nothing. */
const SHORTEST_PACE = 100
/** Below this the pace of earlier runs counts as even. */
const LEAST_NOISE = 0.02 ** 2
/** A run may well take twice as long as is typical, or half: natural logarithm. */
const SPREAD = Math.log(2)
/** Earlier runs count for at most so much of the way: this one may be of another kind. */
const TRUST = 0.1

/** What an estimate rests on: this attempt's own pace, earlier runs of the type, or both. */
export type EtaBasis = 'rate' | 'history' | 'mixed'

/**
 * Remaining time of one attempt. Progress is turned into a fraction of the duration by the curve of
 * the type (a straight line without one). The duration is what the attempt's own pace says, joined
 * with what earlier runs took: the more the pace wavered in them, the longer they count. Bursts come
 * and go, so it is the whole of the own pace that tells; the recent one is expected to last a little.
 * Owns one number for each point of the curve. Says `null` rather than nonsense.
 */
export class Eta {
  readonly #curve: ProgressCurve | undefined
  readonly #shape: readonly number[]
  readonly #weight: number
  readonly #size: number | null
  /** Milliseconds since the start at which each point was passed. */
  readonly #passed = new Float64Array(POINTS)
  readonly #start: number
  #total: number | null = null
  /** Where the attempt took up its work, and when (ms since the start). */
  #from = { at: 0, progress: 0 }
  #newest = { at: 0, progress: 0 }
  #hasBegun: boolean
  readonly #isWhole: boolean

  /**
   * @param at ms, monotonic: when the attempt began
   * @param resumedAt the progress of the checkpoint from which it goes on
   * @param history the curve of the type, and the size of this run, where known
   */
  constructor(
    at: number,
    resumedAt: number | null = null,
    history: { curve?: ProgressCurve; size?: number | null } = {}
  ) {
    const { curve, size } = history
    this.#start = at
    this.#curve = curve
    this.#size = size ?? null
    this.#shape = curve?.shape ?? straight
    this.#weight = curve ? weightOf(curve) : 0
    this.#isWhole = this.#hasBegun = resumedAt === null
    this.#newest.progress = this.#from.progress = resumedAt ?? 0
  }

  /** Takes what was reported until `at` and gives seconds, rounded to three digits. */
  update(
    at: number,
    progress: number | null,
    total: number | null
  ): { etaSeconds: number | null; etaBasis: EtaBasis | null } {
    const elapsed = Math.max(this.#newest.at, at - this.#start)
    this.#total = total
    if (progress !== null) this.#advance(elapsed, progress)
    const left =
      progress === null ? this.#unmoved(elapsed, this.#from.progress) : this.#left(elapsed)
    if (left === null || !Number.isFinite(left) || left < 0) return unknown
    const etaSeconds = Number((left / 1000).toPrecision(3))
    return { etaSeconds, etaBasis: this.#basis }
  }

  /** What the attempt teaches when it completes now; `null` when it only did a part of the work. */
  completed(at: number): CompletedRun | null {
    if (!this.#isWhole) return null
    const duration = Math.max(this.#newest.at, at - this.#start)
    const hasProgress = this.#newest.progress > 0
    this.#advance(duration, 100)
    return { duration, size: this.#size ?? this.#total, passed: hasProgress ? this.#passed : null }
  }

  /** The way so far: milliseconds since the start, and progress; as many points as a curve at most. */
  get way(): (readonly [number, number])[] {
    const points: [number, number][] = [[this.#from.at, this.#from.progress]]
    const first = Math.floor(this.#from.progress / STEP) + 1
    for (let point = first; point * STEP <= this.#newest.progress; point++) {
      points.push([Math.round(this.#passed[point] ?? 0), point * STEP])
    }
    return points
  }

  get #basis(): EtaBasis {
    if (!this.#curve) return 'rate'
    return this.#newest.progress > this.#from.progress ? 'mixed' : 'history'
  }

  #advance(at: number, progress: number): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#from = { at, progress }
      this.#newest = { at, progress }
    }
    const { at: since, progress: before } = this.#newest
    if (progress <= before) return
    for (let point = Math.floor(before / STEP) + 1; point * STEP <= progress; point++) {
      this.#passed[point] = since + ((point * STEP - before) / (progress - before)) * (at - since)
    }
    this.#newest.at = at
    this.#newest.progress = progress
  }

  /** Before the first sign of progress only earlier runs can tell, until they would have ended. */
  #unmoved(elapsed: number, progress: number): number | null {
    if (!this.#curve) return null
    const whole = durationOf(this.#curve, this.#size ?? this.#total)
    const left = whole * (1 - fractionAt(this.#shape, progress)) - elapsed + this.#from.at
    return left > 0 ? left : null
  }

  #left(elapsed: number): number | null {
    const { progress } = this.#newest
    const done = fractionAt(this.#shape, progress)
    const own = done - fractionAt(this.#shape, this.#from.progress)
    const since = elapsed - this.#from.at
    if (own <= 0 || since < SHORTEST_PACE) return this.#unmoved(elapsed, progress)

    const pace = since / own
    const whole = this.#curve ? this.#join(this.#curve, pace, own) : pace
    const left = 1 - done
    const recent = this.#recentPace(elapsed, done) ?? whole
    return whole * left + (recent - whole) * LASTS * (1 - Math.exp(-left / LASTS))
  }

  /**
   * The whole duration: the mean of the own pace, which counts by the way it has made, and of what
   * is typical. Of logarithms, so that a history which is far off is soon outvoted.
   */
  #join(curve: ProgressCurve, pace: number, own: number): number {
    const typical = durationOf(curve, this.#size ?? this.#total)
    return pace * (typical / pace) ** (this.#weight / (this.#weight + own))
  }

  /** Milliseconds that the whole way would take at the pace of its last part. */
  #recentPace(elapsed: number, done: number): number | null {
    const point = Math.floor(this.#newest.progress / STEP) - LOOK_BACK
    const isPassed = point * STEP > this.#from.progress
    const since = isPassed ? (this.#passed[point] ?? 0) : this.#from.at
    const then = fractionAt(this.#shape, isPassed ? point * STEP : this.#from.progress)
    return done > then ? (elapsed - since) / (done - then) : null
  }
}

const unknown = { etaSeconds: null, etaBasis: null } as const

/**
 * What earlier runs count for, as a part of the way: the variance of the pace over a whole run, by
 * that of what is typical. The former is six times the noise, as a run meets its curve at both ends
 * (a Brownian bridge).
 */
function weightOf({ noise }: ProgressCurve): number {
  return Math.min(TRUST, (6 * Math.max(noise, LEAST_NOISE)) / SPREAD ** 2)
}
