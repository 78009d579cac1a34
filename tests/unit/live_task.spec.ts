import { test } from '@japa/runner'
import type { Cut } from '#engine/cut'
import { LiveTask } from '#engine/live_task'
import { now, queued } from '#engine/task_state'
import { until } from '#tests/helpers/waiting'
import { ownTime } from '#tests/helpers/own_time'

/** A task in memory, and what is told of it. */
function live() {
  const told: Cut[] = []
  const createdAt = new Date().toISOString()
  const state = queued({ id: 'a', owner: 'local', type: 'x', maxAttempts: 1, createdAt })
  return { task: new LiveTask(state, (cut) => told.push(cut)), told, createdAt }
}

test.group('The time of a cut', () => {
  test('goes by the clock', async ({ assert }) => {
    const before = Date.now()
    const first = now()
    await until(() => now() !== first)
    const times = [before, Date.parse(first), Date.parse(now()), Date.now()]
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b)
    )
  })
})

test.group('A task in memory', () => {
  test('is quiet 30 s after its last report, and active again with the next', ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const { task, told } = live()
    pass(1000)
    task.report({ progress: 10 })
    pass(12_500)
    assert.equal(task.checkHealth({ isBusy: false }), 18)
    pass(17_499)
    assert.equal(task.checkHealth({ isBusy: false }), 1)
    assert.equal(told.at(-1)?.snapshot.health, 'active')
    pass(1)
    assert.equal(task.checkHealth({ isBusy: false }), 30)
    assert.equal(told.at(-1)?.snapshot.health, 'quiet')
    assert.lengthOf(told, 2)
    pass(1000)
    task.report({ progress: 10 })
    assert.equal(told.at(-1)?.snapshot.health, 'active')
    task.checkHealth({ isBusy: true })
    assert.equal(told.at(-1)?.snapshot.health, 'busy')
    task.checkHealth({ isBusy: false })
    assert.equal(told.at(-1)?.snapshot.health, 'active')
    assert.lengthOf(told, 5)
  })

  test('gives everybody the same bytes, which say what the snapshot says', ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const { task, told } = live()
    assert.equal(task.cut.json, JSON.stringify(task.cut.snapshot))
    task.report({ progress: 12.5, message: 'a "quoted" }, {', current: 1, total: 8, unit: 'é' })
    assert.lengthOf(told, 1)
    const all = [...told, task.cut, task.cut, task.cut]
    const text = JSON.stringify(told[0].snapshot)
    for (const cut of all) for (const json of [cut.json, cut.json]) assert.equal(json, text)
    for (const cut of all) assert.deepEqual(cut.snapshot, told[0].snapshot)
    const { channel, links } = told[0].snapshot
    assert.equal(channel, 'long-task/a')
    assert.equal(links.events, '/tasks/a/events')
    // Kept for those who poll, and not for one who asks once.
    assert.notStrictEqual(all[1], told[0])
    assert.strictEqual(all[3], all[2])
    pass(1000)
    task.report({ progress: 20 })
    const [first, second, third] = [task.cut, task.cut, task.cut]
    assert.notStrictEqual(second, first)
    assert.strictEqual(third, second)
    assert.equal(third.snapshot.progress, 20)
  })

  test('tells nothing after its end: no report, no wish to cancel, no health', ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const { task, told, createdAt } = live()
    task.report({ progress: 10 })
    task.report({ progress: 20 })
    assert.lengthOf(told, 1)
    task.seal()
    pass(1000)
    task.report({ progress: 30 })
    task.requestCancel(createdAt)
    task.checkHealth({ isBusy: true })
    assert.lengthOf(told, 1)
  })

  test('tells ten cuts a second at most in the long run, also where each might come early', ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const { task, told } = live()
    for (let count = 1; count <= 100; count++) {
      task.report({ current: count })
      pass(82)
    }
    task.seal()
    // In 8.2 s, and one that came early.
    assert.isAtMost(told.length, 84)
    assert.isAbove(told.length, 40)
  })
})
