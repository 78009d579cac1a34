import fc from 'fast-check'
import { test } from '@japa/runner'
import { Eta } from '#engine/eta'
import { Rate } from '#engine/rate'
import app from '@adonisjs/core/services/app'
import { History } from '#engine/history'
import type { Load } from '#tests/recordings/load'
import { learn, POINTS, type CompletedRun } from '#engine/progress_curve'
import { curveOf, errorsOf, recordings } from '#tests/recordings/replay'

const evenRun = (duration: number, size: number | null = null): CompletedRun => ({
  duration,
  size,
  passed: Array.from({ length: POINTS }, (_, point) => (duration * point) / (POINTS - 1)),
})
const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length
const tenSeconds = learn(undefined, evenRun(10_000, 100))

test.group('The estimate on recorded runs', () => {
  test('without a history it is at most 5 % worse than the linear one on any run', async ({
    assert,
  }) => {
    for (const run of await recordings()) {
      const { eta, linear } = errorsOf(run)
      assert.isAtMost(eta, linear * 1.05, run.name)
    }
  })

  for (const type of ['import-csv', 'simulate']) {
    test(`${type}: with the history of other runs under {load} load`)
      .with([
        { load: 'steady', worst: 1.05, mean: 1 },
        { load: 'slowing', worst: 0.8, mean: 0.4 },
        { load: 'bursty', worst: 1, mean: 0.95 },
      ] satisfies { load: Load; worst: number; mean: number }[])
      .run(async ({ assert }, { load, worst, mean }) => {
        const all = await recordings()
        const runs = all.filter((run) => run.type === type && run.load === load)
        const curve = curveOf(runs.filter((run) => run.isForLearning))
        const ratios = runs
          .filter((run) => !run.isForLearning)
          .map((run) => errorsOf(run, curve))
          .map(({ eta, linear }) => eta / linear)
        assert.lengthOf(ratios, 2)
        assert.isAtMost(Math.max(...ratios), worst)
        assert.isAtMost(meanOf(ratios), mean)
      })

    test(`${type}: each run under bursty load is foretold better with the history of all the others`, async ({
      assert,
    }) => {
      const all = await recordings()
      const runs = all.filter((run) => run.type === type && run.load === 'bursty')
      const ratios = runs.map((run) => {
        const { eta, linear } = errorsOf(run, curveOf(runs.filter((other) => other !== run)))
        assert.isAtMost(eta, linear, run.name)
        return eta / linear
      })
      assert.isAtMost(meanOf(ratios), 0.92)
    })

    test(`${type}: what a single earlier run did is not taken for the way of the type`, async ({
      assert,
    }) => {
      const all = await recordings()
      const runs = all.filter((run) => run.type === type && run.load === 'bursty')
      const ratios = runs.flatMap((run) =>
        runs.filter((other) => other !== run).map((other) => errorsOf(run, curveOf([other])))
      )
      assert.isAtMost(meanOf(ratios.map(({ eta, linear }) => eta / linear)), 1)
    })
  }
})

test.group('The estimate', () => {
  test('is there before the first report when earlier runs tell, by size', ({ assert }) => {
    const eta = new Eta(0, null, { curve: tenSeconds, size: 200 })
    assert.deepEqual(eta.update(0, null, null), { etaSeconds: 20, etaBasis: 'history' })
    assert.deepEqual(eta.update(5000, null, null), { etaSeconds: 15, etaBasis: 'history' })
    assert.deepEqual(eta.update(5000, 25, null), { etaSeconds: 15, etaBasis: 'mixed' })
  })

  test('takes the reported total for the size where there is no file', ({ assert }) => {
    const eta = new Eta(0, null, { curve: tenSeconds })
    assert.equal(eta.update(0, null, null).etaSeconds, 10)
    assert.equal(eta.update(0, null, 50).etaSeconds, 5)
  })

  test('learns from runs of different sizes that the time is not in step with the size', ({
    assert,
  }) => {
    const sizes = [1e3, 1e6, 1e4, 1e5, 3e3, 3e5]
    const curve = sizes.reduce<ReturnType<typeof learn> | undefined>(
      (before, size) => learn(before, evenRun(9000 + size / 100, size)),
      undefined
    )
    const first = (size: number) => new Eta(0, null, { curve, size }).update(0, null, null)
    assert.closeTo(first(1e3).etaSeconds ?? 0, 9, 3)
    assert.closeTo(first(1e6).etaSeconds ?? 0, 19, 6)
  })

  test('is not led far astray by earlier runs that were slow and erratic', ({ assert }) => {
    const erratic = (power: number): CompletedRun => ({
      ...evenRun(100_000),
      passed: Array.from(evenRun(1).passed ?? [], (part) => 100_000 * part ** power),
    })
    const curve = [4, 4, 0.25, 0.25].reduce(
      (before, power) => learn(before, erratic(power)),
      learn(undefined, erratic(0.25))
    )
    const eta = new Eta(0, null, { curve })
    for (let at = 100; at < 5000; at += 100) eta.update(at, at / 100, null)
    // Earlier runs say twenty times as long.
    assert.isBelow(eta.update(5000, 50, null).etaSeconds ?? Infinity, 10)
  })

  test('is null when the typical time is over and nothing was reported', ({ assert }) => {
    const eta = new Eta(0, null, { curve: tenSeconds, size: 100 })
    assert.deepEqual(eta.update(10_001, null, null), { etaSeconds: null, etaBasis: null })
  })

  test('is null without a history until progress moves, then goes by the rate', ({ assert }) => {
    const eta = new Eta(0)
    assert.isNull(eta.update(0, null, 10).etaSeconds)
    assert.isNull(new Eta(0).update(0, 50, 10).etaSeconds)
    assert.isNull(eta.update(1000, 0, 10).etaSeconds)
    assert.deepEqual(eta.update(2000, 20, 10), { etaSeconds: 8, etaBasis: 'rate' })
  })

  test('of a resumed attempt does not count what an earlier one did', ({ assert }) => {
    const eta = new Eta(0, 40)
    assert.isNull(eta.update(3000, 40, null).etaSeconds)
    assert.equal(eta.update(5000, 50, null).etaSeconds, 10)
    assert.isNull(eta.completed(15_000), 'half a run teaches nothing')
    const known = new Eta(0, 40, { curve: tenSeconds, size: 100 })
    assert.equal(known.update(0, 40, null).etaSeconds, 6)
  })

  test('is never negative, infinite or NaN, whatever is reported and learned', ({ assert }) => {
    const millis = fc.double({ min: 0, max: 1e9, noNaN: true })
    const reports = fc.array(
      fc.record({
        after: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e7, noNaN: true })),
        more: fc.option(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 60, noNaN: true }))),
        total: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      })
    )
    const durations = fc.array(fc.tuple(millis, fc.option(fc.double({ noNaN: true, min: 0 }))))
    fc.assert(
      fc.property(reports, durations, fc.option(fc.nat(100)), (all, runs, resumedAt) => {
        const curve = runs.reduce<ReturnType<typeof learn> | undefined>(
          (before, [duration, size]) => learn(before, evenRun(duration, size)),
          undefined
        )
        const eta = new Eta(0, resumedAt, { curve })
        let [at, progress] = [0, resumedAt ?? 0]
        for (const { after, more, total } of all) {
          at += after
          progress = Math.min(100, progress + (more ?? 0))
          const { etaSeconds, etaBasis } = eta.update(at, more === null ? null : progress, total)
          assert.equal(etaSeconds === null, etaBasis === null)
          if (etaSeconds !== null) assert.isTrue(Number.isFinite(etaSeconds) && etaSeconds >= 0)
        }
        const taught = eta.completed(at)
        if (taught) assert.notMatch(JSON.stringify(learn(curve, taught).shape), /null/)
      }),
      { numRuns: 500 }
    )
  })

  test('the rate is that of the last ten seconds', ({ assert }) => {
    const rate = new Rate()
    let current = 0
    let told: number | null = null
    for (let second = 0; second <= 60; second++) {
      told = rate.update({ at: second * 1000, current })
      current += second < 30 ? 1 : 50
    }
    assert.equal(told, 50)
  })

  test('the rate of a count that goes back is null', ({ assert }) => {
    const rate = new Rate()
    assert.isNull(rate.update({ at: 0, current: 10 }))
    assert.isNull(rate.update({ at: 1000, current: 5 }))
    assert.equal(rate.update({ at: 2000, current: 30 }), 10)
  })
})

test.group('The history', () => {
  test('is written by save, all types in one go, and read by the next process', async ({
    assert,
    cleanup,
  }) => {
    const [db, logger] = [await app.container.make('lucid.db'), await app.container.make('logger')]
    cleanup(async () => {
      await db.from('progress_curves').whereIn('type', ['one', 'other']).delete()
    })
    const history = new History(db, logger)
    for (const type of ['one', 'other', 'one']) history.learn(type, evenRun(5000, 7))
    await history.save()
    history.learn('one', evenRun(9000))
    await history.save()

    const next = new History(db, logger)
    assert.isUndefined(next.find('one'))
    await next.load()
    assert.equal(next.find('one')?.runs, 3)
    assert.deepEqual(next.find('one'), history.find('one'))
    assert.deepEqual(next.find('other'), history.find('other'))
  })

  test('begins anew where an earlier release wrote another kind of curve', async ({
    assert,
    cleanup,
  }) => {
    const [db, logger] = [await app.container.make('lucid.db'), await app.container.make('logger')]
    cleanup(async () => {
      await db.from('progress_curves').where('type', 'old').delete()
    })
    const { sizes, ...curve } = tenSeconds
    assert.isNotNull(sizes)
    await db.table('progress_curves').insert({ type: 'old', curve: JSON.stringify(curve) })
    const history = new History(db, logger)
    await history.load()
    assert.isUndefined(history.find('old'))
  })
})
