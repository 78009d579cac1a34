import vine from '@vinejs/vine'
import { test } from '@japa/runner'
import { busy } from '#tests/helpers/waiting'
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
    const run = { signal: abort.signal, current: 0, report: () => {} }
    return { task: new Idle(run as unknown as RunHandle), abort }
  }

  test('wakes at once when it shall stop, and leaves no timer behind', async ({ assert }) => {
    const before = timeouts()
    const { task, abort } = idle()
    const naps = [task.sleep(60_000), task.sleep(60_000)]
    const short = [task.sleep(2), task.sleep(1)]
    naps.push(task.sleep(3_600_000))
    assert.isAbove(timeouts(), before)
    await Promise.all(short)
    await task.sleep(1)
    abort.abort(new Error('stop'))
    for (const nap of naps) await assert.rejects(() => nap, 'stop')
    await assert.rejects(() => task.sleep(60_000), 'stop')
    assert.equal(timeouts(), before)
  })

  test('leaves the loop to others where tasks sleep and go through items', async ({ assert }) => {
    let turns = 0
    const counting = setInterval(() => turns++, 0)
    const work = async () => {
      const { task } = idle()
      for await (const item of task.each(Array.from({ length: 20 }))) {
        assert.isUndefined(item)
        busy(2)
        await task.sleep(1)
      }
    }
    await Promise.all(Array.from({ length: 10 }, work))
    clearInterval(counting)
    // 400 ms of work, of which at most some twenty come between two turns.
    assert.isAbove(turns, 15)
  })

  test('has breathed when it wakes: what it goes through then takes no turn of its own', async ({
    assert,
  }) => {
    const { task } = idle()
    const each = task.each(['a', 'b', 'c'])
    for (const value of ['a', 'b', 'c']) {
      await task.sleep(20)
      let hasTurned = false
      setImmediate(() => (hasTurned = true))
      assert.deepEqual(await each.next(), { value } as IteratorResult<string, void>)
      assert.isFalse(hasTurned)
    }
  })

  test('never does when it was to stop before it began', async ({ assert }) => {
    const task = new Idle({ signal: AbortSignal.abort(new Error('stop')) } as RunHandle)
    await assert.rejects(() => task.sleep(60_000), 'stop')
  })
})
