import vine from '@vinejs/vine'
import { test } from '@japa/runner'
import { LongTask, type RunHandle } from '#engine/long_task'

/** A task that does nothing by itself. */
class Idle extends LongTask {
  static type = 'idle'
  static input = vine.create({})

  run() {
    return Promise.resolve(null)
  }
}

const timeouts = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test.group('A task that sleeps', () => {
  function idle() {
    const abort = new AbortController()
    return { task: new Idle({ signal: abort.signal } as RunHandle), abort }
  }

  test('wakes at once when it shall stop, and leaves no timer behind', async ({ assert }) => {
    const before = timeouts()
    const { task, abort } = idle()
    const naps = [task.sleep(60_000), task.sleep(60_000), task.sleep(3_600_000)]
    assert.isAbove(timeouts(), before)
    await task.sleep(1)
    abort.abort(new Error('stop'))
    for (const nap of naps) await assert.rejects(() => nap, 'stop')
    await assert.rejects(() => task.sleep(60_000), 'stop')
    assert.equal(timeouts(), before)
  })

  test('never does when it was to stop before it began', async ({ assert }) => {
    const task = new Idle({ signal: AbortSignal.abort(new Error('stop')) } as RunHandle)
    await assert.rejects(() => task.sleep(60_000), 'stop')
  })
})
