/** Points of a curve: one at every twentieth of the way, both ends included. */
export const POINTS = 21
const LAST = POINTS - 1

/** Weight of a new run once there are enough: what a type does now counts more than what it did. */
const NEWEST = 0.2
/** Spread of the durations that is assumed until runs say better: a factor of about 1.6. */
const SPREAD = 0.5
/** Mean square of how far runs stray from their curve, assumed until they say better. */
const NOISE = 0.05 ** 2
/** Runs that are shorter say how long a run takes, but not in which shape (ten cuts a second). */
const SHORTEST_SHAPE = 1000

/** What a completed run teaches. */
export interface CompletedRun {
  /** Milliseconds. */
  readonly duration: number
  /** How much it had to do: bytes of the file, else the total. */
  readonly size: number | null
  /** Milliseconds after which each point was passed; `null` when that can't be known. */
  readonly passed: ArrayLike<number> | null
}

/** What is known of the completed runs of a task type; plain JSON. */
export interface ProgressCurve {
  readonly runs: number
  /** Typical milliseconds of a run. */
  readonly duration: number
  /** Typical milliseconds for one unit of size, where sizes are known. */
  readonly unitDuration: number | null
  /** Typical natural logarithm of how far a run was from what was typical before it. */
  readonly spread: number
  /** Fraction of the duration that had passed at each point of progress: the mean of the runs. */
  readonly passed: readonly number[]
  /** Mean square of how far the runs were from that. */
  readonly noise: number
  /** The same as `passed`, nearer to the straight line the less it stands out from the noise. */
  readonly shape: readonly number[]
}

/** The curve after one more run: averages that forget, in logarithms where they are durations. */
export function learn(before: ProgressCurve | undefined, run: CompletedRun): ProgressCurve {
  const { size } = run
  const duration = Math.max(1, run.duration)
  const runs = (before?.runs ?? 0) + 1
  const weight = Math.max(NEWEST, 1 / runs)
  // What is assumed counts as a run of its own.
  const wary = Math.max(NEWEST, 1 / (runs + 1))
  const expected = before && durationOf(before, size)
  const spread = before?.spread ?? SPREAD
  return {
    runs,
    duration: before ? blend(before.duration, duration, weight) : duration,
    unitDuration: unitDuration(before?.unitDuration ?? null, size ? duration / size : null, weight),
    spread: expected ? spread + wary * (Math.abs(Math.log(duration / expected)) - spread) : spread,
    ...learnShape(before, duration >= SHORTEST_SHAPE ? run.passed : null, {
      duration,
      weight,
      wary,
    }),
  }
}

function learnShape(
  before: ProgressCurve | undefined,
  times: ArrayLike<number> | null,
  { duration, weight, wary }: { duration: number; weight: number; wary: number }
): Pick<ProgressCurve, 'passed' | 'noise' | 'shape'> {
  const old = before ?? { passed: straight, noise: NOISE, shape: straight }
  if (!times) return { passed: old.passed, noise: old.noise, shape: old.shape }
  const run = old.passed.map((_, point) => (times[point] ?? 0) / duration)
  const noise = before ? old.noise + wary * (distance(run, old.passed) - old.noise) : old.noise
  const passed = old.passed.map((value, point) => value + weight * ((run[point] ?? 0) - value))
  const bend = distance(passed, straight)
  const share = bend > 0 ? Math.max(0, 1 - noise / bend) : 0
  const shape = straight.map((value, point) => value + share * ((passed[point] ?? 0) - value))
  return { passed, noise, shape }
}

function unitDuration(old: number | null, now: number | null, weight: number): number | null {
  return old === null || now === null ? (now ?? old) : blend(old, now, weight)
}

/** Mean square of the differences. */
function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0) / one.length
}

/** Milliseconds that a run of this size typically takes. */
export function durationOf(curve: ProgressCurve, size: number | null): number {
  return size && curve.unitDuration !== null ? curve.unitDuration * size : curve.duration
}

/** The fraction of the duration that has passed at a progress of 0–100. */
export function fractionAt(passed: readonly number[], progress: number): number {
  const place = (progress / 100) * LAST
  const point = Math.min(LAST - 1, Math.floor(place))
  const from = passed[point] ?? 0
  return from + ((passed[point + 1] ?? 1) - from) * (place - point)
}

export const straight: readonly number[] = Array.from({ length: POINTS }, (_, at) => at / LAST)

function blend(old: number, value: number, weight: number): number {
  return Math.exp(Math.log(old) + weight * Math.log(value / old))
}
