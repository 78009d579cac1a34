import { test } from '@japa/runner'
import Task from '#models/task'
import { pause } from '#engine/settling'
import { LongTask } from '#engine/long_task'
import { TaskError } from '#engine/errors'
import { TaskTypes } from '#engine/task_types'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { Patient, Persistent, Scripted, startScript, theEngine } from '#tests/helpers/scripted'

const snapshotOf = async (id: string) => {
  const engine = await theEngine()
  return (await engine.cutOf(id))?.snapshot
}

test.group('Attempts', () => {
  test('a failed attempt is followed by another one, until one succeeds', async ({ assert }) => {
    const attempts: number[] = []
    const engine = await theEngine()
    const told: string[] = []
    const stop = engine.listen((cut) => told.push(`${cut.snapshot.status} ${cut.snapshot.attempt}`))
    const id = await startScript(
      async (task) => {
        attempts.push(task.attempt)
        if (task.attempt < 3) throw new Error('not yet')
        return 'done'
      },
      undefined,
      Persistent
    )
    const { snapshot } = await endOf(id)
    stop()
    assert.containsSubset(snapshot, {
      status: 'completed',
      result: 'done',
      attempt: 3,
      maxAttempts: 3,
      nextAttemptAt: null,
      error: null,
    })
    assert.deepEqual(attempts, [1, 2, 3])
    assert.includeMembers(told, ['processing 1', 'queued 1', 'processing 2', 'queued 2'])
  })

  test('the last failed attempt fails the task', async ({ assert }) => {
    let runs = 0
    const id = await startScript(
      async () => {
        runs++
        throw new TaskError('no-luck', `failed ${runs} times`)
      },
      undefined,
      Persistent
    )
    const { snapshot } = await endOf(id)
    assert.deepEqual(snapshot.error, { code: 'no-luck', message: 'failed 3 times' })
    assert.equal(runs, 3)
  })

  test('an error that says so ends the task at the first attempt', async ({ assert }) => {
    let runs = 0
    const id = await startScript(
      async () => {
        runs++
        throw new TaskError('no-use', 'never', { retry: false })
      },
      undefined,
      Persistent
    )
    assert.equal((await endOf(id)).snapshot.error?.code, 'no-use')
    assert.equal(runs, 1)
  })

  test('the next attempt goes on from the checkpoint', async ({ assert }) => {
    const id = await startScript(
      async (task) => {
        if (task.attempt === 1) {
          await task.commit({ line: 7 }, () => {})
          throw new Error('half way')
        }
        return task.checkpoint
      },
      undefined,
      Persistent
    )
    assert.deepEqual((await endOf(id)).snapshot.result, { line: 7 })
  })

  test('a task that waits for its next attempt says when and why, and can be cancelled at once', async ({
    assert,
  }) => {
    const id = await startScript(
      async () => {
        throw new Error('come back later')
      },
      undefined,
      Patient
    )
    const waiting = await until(async () => {
      const snapshot = await snapshotOf(id)
      return snapshot?.nextAttemptAt ? snapshot : null
    })
    assert.containsSubset(waiting, { status: 'queued', error: { message: 'come back later' } })
    const wait = Date.parse(waiting.nextAttemptAt ?? '') - Date.parse(waiting.updatedAt)
    assert.isAtLeast(wait, 30 * 60_000)
    assert.isAtMost(wait, 60 * 60_000)

    const engine = await theEngine()
    const cancelled = await engine.cancel(id, 'local')
    assert.containsSubset(cancelled?.cut.snapshot, { status: 'cancelled', nextAttemptAt: null })
  })

  test('the pause doubles up to its longest, and half of it is chance', ({ assert }) => {
    for (const [attempt, whole] of [1000, 2000, 4000, 5000, 5000].entries()) {
      const pauses = Array.from({ length: 200 }, () =>
        pause(attempt + 1, { first: '1s', longest: '5s' })
      )
      assert.isTrue(pauses.every((each) => each >= whole / 2 && each <= whole))
      assert.isAbove(new Set(pauses).size, 20)
    }
  })

  test('a task that waits longer than its type says fails with expired', async ({ assert }) => {
    const held = deferred()
    const engine = await theEngine()
    const blockers = await Promise.all(
      Array.from({ length: 10 }, () => startScript(() => held.promise))
    )
    const id = await startScript(async () => 'never', undefined, Patient)
    const { snapshot } = await endOf(id)
    assert.containsSubset(snapshot, { status: 'failed', error: { code: 'expired' }, attempt: 0 })
    held.resolve()
    for (const blocker of blockers) await endOf(blocker)
    assert.isFalse(engine.isStopping)
  })
})

test.group('Time', () => {
  test('an attempt that takes too long is aborted, and the last one fails with timeout', async ({
    assert,
  }) => {
    const reasons: unknown[] = []
    const id = await startScript(
      async (task) => {
        const { promise, reject } = deferred()
        task.signal.addEventListener('abort', () => {
          reasons.push(task.signal.reason.why)
          reject(task.signal.reason)
        })
        await promise
      },
      undefined,
      Persistent
    )
    const { snapshot } = await endOf(id)
    assert.deepEqual(snapshot.error, {
      code: 'timeout',
      message: 'The task took longer than 500ms.',
    })
    assert.deepEqual(reasons, ['timeout', 'timeout', 'timeout'])
  })

  test('a sleep that begins once the task shall stop ends at once', async ({ assert }) => {
    const engine = await theEngine()
    const hasBegun = deferred()
    const id = await startScript(async (task) => {
      hasBegun.resolve()
      await new Promise((resolve) => task.signal.addEventListener('abort', resolve))
      await task.sleep(60_000)
    })
    await hasBegun.promise
    await engine.cancel(id, 'local')
    const { snapshot } = await endOf(id)
    assert.containsSubset(snapshot, { status: 'cancelled', error: null })
  })

  test('a task that ignores being cancelled is ended after 10 s, fenced off, and keeps its slot', async ({
    assert,
  }) => {
    const held = deferred()
    const after = deferred<unknown>()
    const id = await startScript(async (task) => {
      await held.promise
      task.log.warn('too late')
      await Scripted.prototype.commit.call(task, 1, () => {}).catch(after.resolve)
      after.resolve(null)
    })
    await until(async () => (await snapshotOf(id))?.status === 'processing')
    const engine = await theEngine()
    await engine.cancel(id, 'local')
    const { snapshot } = await endOf(id)
    assert.containsSubset(snapshot, { status: 'cancelled', error: { code: 'cancel-ignored' } })

    // Nine others fill the slots that are left; the tenth waits until the code has returned.
    const others = deferred()
    for (let other = 0; other < 9; other++) await startScript(() => others.promise)
    const tenth = await startScript(async () => 'at last')
    await until(async () => (await Task.query().where('status', 'processing')).length === 9)
    assert.equal((await snapshotOf(tenth))?.status, 'queued')
    held.resolve()
    assert.isNotNull(await after.promise)
    assert.equal((await endOf(tenth)).snapshot.status, 'completed')
    others.resolve()
    assert.isNull((await Task.findOrFail(id)).checkpoint)
    await engine.logs.save()
    assert.lengthOf(await engine.logs.page(id, 0, 10), 0)
  }).timeout(40_000)
})

test.group('What a type says of itself is checked when it is registered', () => {
  test('{title}')
    .with([
      { title: 'attempts', statics: { attempts: 0 }, problem: '`static attempts` must be' },
      { title: 'backoff', statics: { backoff: { first: 1 } }, problem: '`static backoff` must be' },
      {
        title: 'a backoff of nothing',
        statics: { backoff: { first: '0s', longest: '1s' } },
        problem: '`static backoff` must be',
      },
      {
        title: 'a backoff beyond all dates',
        statics: { backoff: { first: '1s', longest: '999999999d' } },
        problem: 'at most 3650d',
      },
      {
        title: 'expiring at once',
        statics: { expires: '0d' },
        problem: '`static expires` must be',
      },
      { title: 'timeout', statics: { timeout: '1 hour' }, problem: '`static timeout` must be' },
      { title: 'a timeout beyond timers', statics: { timeout: '25d' }, problem: 'at most 24d' },
      { title: 'expires', statics: { expires: 5 }, problem: '`static expires` must be' },
    ])
    .run(({ assert }, { statics, problem }) => {
      class Bad extends LongTask {
        static type = 'bad'
        static description = 'A type that says nonsense'
        static input = Scripted.input
        async run() {}
      }
      Object.assign(Bad, statics)
      assert.throws(() => new TaskTypes().add(Bad, 'app/tasks/bad.ts'), `app/tasks/bad.ts: `)
      assert.throws(() => new TaskTypes().add(Bad, 'app/tasks/bad.ts'), problem)
    })
})
