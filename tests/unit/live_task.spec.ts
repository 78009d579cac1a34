import { test } from '@japa/runner'
import type { Cut } from '#engine/cut'
import { LiveTask } from '#engine/live_task'
import { queued } from '#engine/task_state'

/** A task in memory, and what is told of it. */
function live() {
  const told: Cut[] = []
  const createdAt = new Date().toISOString()
  const state = queued({ id: 'a', owner: 'local', type: 'x', maxAttempts: 1, createdAt })
  return { task: new LiveTask(state, (cut) => told.push(cut)), told, createdAt }
}

/** Lets time pass only when it is told to. */
function ownTime(cleanup: (handler: () => void) => void) {
  const { now } = performance
  cleanup(() => void (performance.now = now))
  let time = now.call(performance)
  performance.now = () => time
  return (milliseconds: number) => void (time += milliseconds)
}

test.group('A task in memory', () => {
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
