import fc from 'fast-check'
import env from '#start/env'
import SQLite from 'better-sqlite3'
import { test } from '@japa/runner'
import type { Cut } from '#engine/cut'
import app from '@adonisjs/core/services/app'
import { TaskTable } from '#engine/task_table'
import { isTerminal } from '#engine/status'
import { endOf, turns } from '#tests/helpers/waiting'
import { startScript, theEngine } from '#tests/helpers/scripted'
import { setTimeout } from 'node:timers/promises'

/** The numbers of design.md, invariant 6; not those of the code, which may be wrong. */
const CUTS_A_SECOND = 10
/** Milliseconds by which a cut may come early, if the next one comes as much later. */
const EARLY = 90
/** Milliseconds between two writes of progress to the table. */
const BETWEEN_WRITES = 1000

type Step =
  | { kind: 'progress'; value: number }
  | { kind: 'message'; text: string }
  | { kind: 'turn'; count: number }
  | { kind: 'wait'; milliseconds: number }
  | { kind: 'read' }
  | { kind: 'cancel' }

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('progress' as const),
      value: fc.double({ min: -20, max: 120, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      text: fc.string({ maxLength: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const), count: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.nat(60) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const) }) }
)
const ending = fc.constantFrom('return' as const, 'throw' as const)

interface Told {
  readonly cut: Cut
  /** What the table held at that moment, read by SQL of our own. */
  readonly row: { status: string; version: number }
}

interface Seen {
  readonly told: Told[]
  readonly reads: { version: number; toldBefore: number }[]
  readonly reported: { progress: number | null; message: string | null }
  readonly end: Cut
  /** Milliseconds from before the start to after the end. */
  readonly took: number
}

/** Runs the steps inside a task and gives all that was told and read. */
async function play(steps: readonly Step[], how: 'return' | 'throw'): Promise<Seen> {
  const engine = await theEngine()
  const file = new SQLite(app.makePath(env.get('SQLITE_PATH')), { readonly: true })
  const select = file.prepare('select status, version from tasks where id = ?')
  const told: Told[] = []
  const reads: Seen['reads'] = []
  const reported: Seen['reported'] = { progress: null, message: null }
  const since = performance.now()
  let id = ''

  const stop = engine.listen((cut) => {
    if (id && cut.id !== id) return
    told.push({ cut, row: select.get(cut.id) as Told['row'] })
  })
  const read = async () => {
    const toldBefore = Math.max(0, ...told.map(({ cut }) => cut.version))
    reads.push({ version: (await engine.cutOf(id))?.version ?? -1, toldBefore })
  }
  try {
    id = await startScript(async (task) => {
      for (const each of steps) {
        if (task.signal.aborted) break
        if (each.kind === 'progress') {
          task.progress(each.value)
          const percent = Math.round(Math.min(100, each.value) * 100) / 100
          reported.progress = Math.max(reported.progress ?? 0, percent)
        }
        if (each.kind === 'message') {
          task.report({ message: each.text })
          reported.message = each.text
        }
        if (each.kind === 'turn') await turns(each.count)
        if (each.kind === 'wait') await setTimeout(each.milliseconds)
        if (each.kind === 'read') await read()
        if (each.kind === 'cancel') await engine.cancel(id, 'local')
      }
      task.signal.throwIfAborted()
      if (how === 'throw') throw new Error('as asked')
    })
    const end = await endOf(id)
    const took = performance.now() - since
    await read()
    return { told, reads, reported, end, took }
  } finally {
    stop()
    file.close()
  }
}

/**
 * Runs a task for each pause, which reports all the time with that pause (ms) in between, and gives
 * what each write of progress wrote and what it had to.
 */
async function watchWrites(pauses: readonly number[]) {
  const engine = await theEngine()
  const { saveProgress } = TaskTable.prototype
  const writes: { written: string[]; changed: string[] }[] = []
  const changed = new Map<string, number>()
  const stop = engine.listen(({ id, snapshot }) => {
    // Its claim is in the table already, and so is its end.
    if (snapshot.status === 'processing' && snapshot.current) changed.set(id, snapshot.version)
    else changed.delete(id)
  })
  const name = (id: string, version: number) => `${id} ${version}`
  TaskTable.prototype.saveProgress = function (batch) {
    writes.push({
      written: batch.map(({ state }) => name(state.id, state.version)).sort(),
      changed: [...changed].map(([id, version]) => name(id, version)).sort(),
    })
    changed.clear()
    return saveProgress.call(this, batch)
  }
  const since = performance.now()
  try {
    const ids = await Promise.all(
      pauses.map((pause) =>
        startScript(async (task) => {
          while (performance.now() - since < 2500) {
            task.report({ current: task.current + 1 })
            await setTimeout(pause)
          }
        })
      )
    )
    await Promise.all(ids.map(endOf))
    return { writes, took: performance.now() - since }
  } finally {
    TaskTable.prototype.saveProgress = saveProgress
    stop()
  }
}

test.group('Invariants, for any course of a task', (group) => {
  group.each.timeout(120_000)
  const check = (property: (seen: Seen) => boolean | void) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), ending, async (steps, how) =>
        property(await play(steps, how))
      ),
      { numRuns: 120 }
    )

  test('1: what is told of an end, or of a start, is in the table by then', async () => {
    await check(({ told }) =>
      told.every(({ cut, row }) => {
        const { status } = cut.snapshot
        if (isTerminal(status)) return row.status === status && row.version === cut.version
        return status !== 'queued' || row !== undefined
      })
    )
  })

  test('2: what is told is in one order, each version once', async ({ assert }) => {
    await check(({ told }) => {
      const versions = told.map(({ cut }) => cut.version)
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((a, b) => a - b)
      )
    })
  })

  test('3: what is read afterwards is at least as new as what was told', async () => {
    await check(({ reads }) => reads.every(({ version, toldBefore }) => version >= toldBefore))
  })

  test('6: reports are cut at most ten times a second, and the last one is never lost', async ({
    assert,
  }) => {
    await check(({ told, reported, end, took }) => {
      const reports = told.filter(({ cut }, index) => {
        const before = told[index - 1]?.cut.snapshot
        return (
          before?.status === 'processing' &&
          cut.snapshot.status === 'processing' &&
          cut.snapshot.cancelRequestedAt === before.cancelRequestedAt
        )
      })
      // One at once, and one for each tenth of a second that the task has had.
      const most = Math.floor(((took + EARLY) / 1000) * CUTS_A_SECOND) + 1
      assert.isAtMost(reports.length, most)
      assert.equal(end.snapshot.message, reported.message)
      const last = end.snapshot.status === 'completed' ? 100 : reported.progress
      assert.equal(end.snapshot.progress, last)
    })
  })

  test('6: the first change is told at once, in the same tick', async ({ assert }) => {
    const engine = await theEngine()
    const progress: (number | null)[] = []
    const id = await startScript(async (task) => {
      const stop = engine.listen((cut) => {
        if (cut.id === task.id) progress.push(cut.snapshot.progress)
      })
      task.progress(1)
      const atOnce = [...progress]
      task.progress(2)
      task.progress(3)
      stop()
      return { atOnce, afterwards: [...progress] }
    })
    const { result } = await endOf(id)
    assert.deepEqual(result, { atOnce: [1], afterwards: [1] })
  })

  test('6: whoever reports all the time is cut ten times a second, neither more nor less', async ({
    assert,
  }) => {
    const engine = await theEngine()
    const id = await startScript(async (task) => {
      const times: number[] = []
      const stop = engine.listen((cut) => {
        if (cut.id === task.id) times.push(performance.now())
      })
      const since = performance.now()
      while (performance.now() - since < 3000) {
        task.report({ current: task.current + 1 })
        await setTimeout(1)
      }
      stop()
      return { cuts: times.length, seconds: (performance.now() - since) / 1000 }
    })
    const { result } = await endOf(id)
    const { cuts, seconds } = result as { cuts: number; seconds: number }
    assert.isAtMost(cuts, Math.floor((seconds + EARLY / 1000) * CUTS_A_SECOND) + 1)
    // A machine that is busy with other work misses some.
    assert.isAtLeast(cuts, 15)
  })

  test('6: the table gets one write a second, with all tasks that have changed since the last', async ({
    assert,
  }) => {
    const tasks = fc.array(fc.integer({ min: 5, max: 400 }), { minLength: 2, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(tasks, async (pauses) => {
        const { writes, took } = await watchWrites(pauses)
        assert.isAtMost(writes.length, Math.floor(took / BETWEEN_WRITES) + 1)
        for (const { written, changed } of writes) assert.deepEqual(written, changed)
        assert.isAtLeast(writes.length, 1)
      }),
      { numRuns: 4 }
    )
  })

  test('7: progress never goes back, and nothing follows the end', async () => {
    await check(({ told }) => {
      const progress = told.map(({ cut }) => cut.snapshot.progress ?? 0)
      const ends = told.filter(({ cut }) => isTerminal(cut.snapshot.status))
      return (
        progress.every((value, index) => index === 0 || value >= progress[index - 1]) &&
        ends.length === 1 &&
        told.at(-1) === ends[0]
      )
    })
  })

  test('7: a report that comes after the end changes nothing', async ({ assert }) => {
    let late: (() => void) | undefined
    const id = await startScript(async (task) => {
      task.progress(10)
      late = () => task.progress(99, 'too late')
    })
    const end = await endOf(id)
    late?.()
    const engine = await theEngine()
    assert.equal((await engine.cutOf(id))?.json, end.json)
  })
})
