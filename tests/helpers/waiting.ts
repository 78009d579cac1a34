import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { theEngine } from '#tests/helpers/scripted'
import { setImmediate, setTimeout } from 'node:timers/promises'

/**
 * Milliseconds within which a server without tasks is gone: two seconds by itself, more on a machine
 * that is busy with other work, and less than the grace after which anything ends.
 */
export const SOON = 7000

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
