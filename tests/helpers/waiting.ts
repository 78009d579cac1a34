import { availableParallelism, loadavg } from 'node:os'
import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { theEngine } from '#tests/helpers/scripted'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** Milliseconds of the grace after which anything ends (`SHUTDOWN_GRACE`), less a bit. */
const GRACE = 7000

/**
 * Milliseconds as of now, for what takes `idle` of them on a machine that has a core for each process
 * that wants one (2,000: a server without tasks is gone by then, design §8), else as many times that
 * as there are such processes a core, which it says; always less than the grace.
 */
export function soon(idle = 2000): number {
  const [load = 0] = loadavg()
  const cores = availableParallelism()
  const limit = Math.min(GRACE, idle * Math.max(1, load / cores))
  if (limit > idle) {
    const wants = `load ${load.toFixed(1)} on ${cores} cores`
    process.stdout.write(`    ${wants}: ${Math.round(limit)} ms instead of ${idle}\n`)
  }
  return limit
}

/** Waits until the condition holds; the test's timeout bounds it, and it keeps no process alive. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const value = await condition()
    if (value) return value
    await setTimeout(5, undefined, { ref: false })
  }
}

/** Lets the event loop turn that many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

/** Keeps the event loop, in milliseconds. */
export function busy(time: number): void {
  const end = performance.now() + time
  while (performance.now() < end);
}

/** The terminal cut of a task. */
export async function endOf(id: string): Promise<Cut> {
  const engine = await theEngine()
  return until(async () => {
    const cut = await engine.cutOf(id)
    return cut && isTerminal(cut.snapshot.status) ? cut : null
  })
}

/** A promise that a test settles by hand. */
export function deferred<T = void>() {
  return Promise.withResolvers<T>()
}
