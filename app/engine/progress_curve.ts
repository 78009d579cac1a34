/** Points of a curve: one at every twentieth of the way, both ends included. */
export const POINTS = 21
const LAST = POINTS - 1

/** Weight of a new run once there are enough: what a type does now counts more than what it did. */
const NEWEST = 0.2
/**
 * How surely durations grow in step with sizes until runs say better: the variance of a duration
 * (about 0.35², in logarithms) by that of the exponent (0.5²).
 */
const IN_STEP = 0.5
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
  /** How the duration goes with the size, where sizes are known. */
  readonly sizes: Sizes | null
  /** Fraction of the duration that had passed at each point of progress: the mean of the runs. */
  readonly passed: readonly number[]
  /** Mean square of how far the runs were from that. */
  readonly noise: number
  /** The same as `passed`, nearer to the straight line the less it stands out from the noise. */
  readonly shape: readonly number[]
}

/** A straight line through the runs, in natural logarithms. */
interface Sizes {
  /** Mean size. */
  readonly size: number
  /** Mean of the milliseconds for one unit of size. */
  readonly unit: number
  /** Mean square of how far sizes are from their mean. */
  readonly square: number
  /** Mean of that times how far the unit is from its mean. */
  readonly product: number
}

/** The curve after one more run: averages that forget, in logarithms where they are durations. */
export function learn(before: ProgressCurve | undefined, run: CompletedRun): ProgressCurve {
  const duration = Math.max(1, run.duration)
  const runs = (before?.runs ?? 0) + 1
  const weight = Math.max(NEWEST, 1 / runs)
  // What is assumed counts as a run of its own.
  const wary = Math.max(NEWEST, 1 / (runs + 1))
  return {
    runs,
    duration: before ? blend(before.duration, duration, weight) : duration,
    sizes: learnSizes(before?.sizes ?? null, { duration, size: run.size }, weight),
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
  // What one run did by itself may all be chance: there is no shape before two have been alike.
  const share = before && bend > 0 ? Math.max(0, 1 - noise / bend) : 0
  const shape = straight.map((value, point) => value + share * ((passed[point] ?? 0) - value))
  return { passed, noise, shape }
}

function learnSizes(
  before: Sizes | null,
  { duration, size }: { duration: number; size: number | null },
  weight: number
): Sizes | null {
  if (!isSize(size)) return before
  const now = { size: Math.log(size), unit: Math.log(duration) - Math.log(size) }
  if (!before) return { ...now, square: 0, product: 0 }
  const larger = now.size - before.size
  const dearer = now.unit - before.unit
  return {
    size: before.size + weight * larger,
    unit: before.unit + weight * dearer,
    square: (1 - weight) * (before.square + weight * larger * larger),
    product: (1 - weight) * (before.product + weight * larger * dearer),
  }
}

/** Mean square of the differences. */
function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0) / one.length
}

/**
 * Milliseconds that a run of this size typically takes. A power of the size: what is there once for
 * every run makes a unit cheaper in a large one, what comes with time makes it dearer. The exponent
 * is near 1 until runs of different sizes say otherwise, and never below 0.
 */
export function durationOf({ runs, duration, sizes }: ProgressCurve, size: number | null): number {
  if (!isSize(size) || !sizes) return duration
  const doubt = IN_STEP * Math.max(NEWEST, 1 / runs)
  const exponent = Math.max(0, 1 + sizes.product / (sizes.square + doubt))
  return Math.exp(sizes.unit + sizes.size + exponent * (Math.log(size) - sizes.size))
}

function isSize(size: number | null): size is number {
  return size !== null && size > 0
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
