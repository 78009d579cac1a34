import { readdir, readFile } from 'node:fs/promises'
import { Eta } from '#engine/eta'
import type { Load } from '#tests/recordings/load'
import { learn, type ProgressCurve } from '#engine/progress_curve'

export interface Recording {
  readonly name: string
  readonly type: string
  readonly load: Load
  readonly isForLearning: boolean
  readonly size: number
  readonly duration: number
  readonly samples: readonly (readonly [number, number | null, number | null, number | null])[]
}

/** All recorded runs (README.md in this folder). */
export async function recordings(): Promise<Recording[]> {
  const folder = new URL('runs/', import.meta.url)
  const names = await readdir(folder)
  return Promise.all(
    names.sort().map(async (name) => ({
      ...JSON.parse(await readFile(new URL(name, folder), 'utf8')),
      name,
      isForLearning: !/-[45]\.json$/.test(name),
    }))
  )
}

/** The curve after these runs, in this order. */
export function curveOf(runs: readonly Recording[]): ProgressCurve | undefined {
  let curve: ProgressCurve | undefined
  for (const run of runs) {
    const eta = new Eta(0, null, { size: fileSize(run) })
    for (const [at, progress, , total] of run.samples) eta.update(at, progress, total)
    const taught = eta.completed(run.duration)
    if (taught) curve = learn(curve, taught)
  }
  return curve
}

/**
 * How far the estimate and the linear one (elapsed / progress) were from the truth: the mean of
 * |estimated − real remaining time| over all cuts from 2 % on, as a fraction of the duration. An
 * estimate that is missing counts as an error of the whole duration.
 */
export function errorsOf(run: Recording, curve?: ProgressCurve): { eta: number; linear: number } {
  const eta = new Eta(0, null, { curve, size: fileSize(run) })
  const errors = { eta: 0, linear: 0 }
  let count = 0
  for (const [at, progress, , total] of run.samples) {
    const { etaSeconds } = eta.update(at, progress, total)
    if (progress === null || progress < 2) continue
    const left = run.duration - at
    const guess = etaSeconds === null ? left + run.duration : etaSeconds * 1000
    errors.eta += Math.abs(guess - left)
    errors.linear += Math.abs((at * (100 - progress)) / progress - left)
    count++
  }
  const whole = count * run.duration
  return { eta: errors.eta / whole, linear: errors.linear / whole }
}

/** An import knows its size from the start; the other type tells its total. */
function fileSize(run: Recording): number | null {
  return run.type === 'import-csv' ? run.size : null
}
