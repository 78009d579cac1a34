import { test } from '@japa/runner'
import { busy, until } from '#tests/helpers/waiting'
import { CoalescedTimers } from '#engine/coalesced_timers'

const TIME = 1000
/** Milliseconds between the moments at which timers of that time are due: at most a hundredth. */
const STEP = 8
const HOUR = 3_600_000

test.group('Timers of very many', () => {
  test('wake those together who are due at about the same moment: none early, none much later', async ({
    assert,
    cleanup,
  }) => {
    const timers = new CoalescedTimers()
    let turn = 0
    const counting = setInterval(() => turn++, 0)
    cleanup(() => clearInterval(counting))
    const turns: number[] = []
    let late = 0
    const since = performance.now()
    for (let one = 0; one < 20; one++) {
      const due = performance.now() + TIME
      let isLate = false
      timers.set(TIME, () => {
        // Node's own timers count in whole milliseconds.
        assert.isAbove(performance.now(), due - 1.5)
        turns.push(turn)
        if (isLate) late++
      })
      // Comes after what was due before it, however busy the process is.
      setTimeout(() => (isLate = true), TIME + STEP + 2)
      busy(0.4)
    }
    const moments = Math.ceil((performance.now() - since) / STEP) + 1
    await until(() => turns.length === 20)
    assert.isAtMost(new Set(turns).size, moments)
    assert.isBelow(moments, 20)
    assert.equal(late, 0)
  })

  test('are at most 64 ms late, however long they take', ({ assert, cleanup }) => {
    const asked: number[] = []
    const { setTimeout } = globalThis
    cleanup(() => void (globalThis.setTimeout = setTimeout))
    globalThis.setTimeout = ((_wake: () => void, after: number) => {
      asked.push(after)
    }) as unknown as typeof setTimeout
    const timers = new CoalescedTimers()
    for (const hours of [1, 2, 3, 24]) timers.set(hours * HOUR, () => {})
    assert.lengthOf(asked, 4)
    for (const [at, hours] of [1, 2, 3, 24].entries()) {
      assert.isAtLeast(asked[at], hours * HOUR)
      assert.isAtMost(asked[at], hours * HOUR + 64)
    }
  })

  test('can be taken back, one or all of a moment', async ({ assert }) => {
    const timers = new CoalescedTimers()
    const woken: string[] = []
    const [first, second] = ['first', 'second'].map((name) =>
      timers.set(30, () => woken.push(name))
    )
    first()
    await until(() => woken.length === 1)
    assert.deepEqual(woken, ['second'])
    second()

    const active = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    const before = active().length
    const all = [timers.set(60_000, () => {}), timers.set(60_000, () => {})]
    assert.isAbove(active().length, before)
    for (const takeBack of all) takeBack()
    assert.lengthOf(active(), before)
    timers.set(60_000, () => {})()
    assert.lengthOf(active(), before)
  })
})
