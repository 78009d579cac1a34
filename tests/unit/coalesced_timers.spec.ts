import { test } from '@japa/runner'
import { busy, until } from '#tests/helpers/waiting'
import { Alarm, CoalescedTimers } from '#engine/coalesced_timers'

const TIME = 1000
/** Milliseconds between the moments at which timers of that time are due: at most a 64th. */
const STEP = 8
const HOUR = 3_600_000

class Ringing extends Alarm {
  constructor(readonly ring: () => void = () => {}) {
    super()
  }
}

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
      const ring = () => {
        // Node's own timers count in whole milliseconds.
        assert.isAbove(performance.now(), due - 1.5)
        turns.push(turn)
        if (isLate) late++
      }
      timers.set(TIME, new Ringing(ring))
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

  test('are at most 128 ms late, however long they take', ({ assert, cleanup }) => {
    const asked: number[] = []
    const { setTimeout } = globalThis
    cleanup(() => void (globalThis.setTimeout = setTimeout))
    globalThis.setTimeout = ((_wake: () => void, after: number) => {
      asked.push(after)
    }) as unknown as typeof setTimeout
    const timers = new CoalescedTimers()
    for (const hours of [1, 2, 3, 24]) timers.set(hours * HOUR, new Ringing())
    assert.lengthOf(asked, 4)
    for (const [at, hours] of [1, 2, 3, 24].entries()) {
      assert.isAtLeast(asked[at], hours * HOUR)
      assert.isAtMost(asked[at], hours * HOUR + 128)
    }
  })

  test('can be taken back, one or all of a moment', async ({ assert }) => {
    const timers = new CoalescedTimers()
    const woken: string[] = []
    const set = (milliseconds: number, ring?: () => void) => {
      const alarm = new Ringing(ring)
      timers.set(milliseconds, alarm)
      return alarm
    }
    const [first, second] = ['first', 'second'].map((name) => set(30, () => woken.push(name)))
    timers.clear(first)
    await until(() => woken.length === 1)
    assert.deepEqual(woken, ['second'])
    timers.clear(second)

    const active = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    const before = active().length
    const all = [set(60_000), set(60_000)]
    assert.isAbove(active().length, before)
    for (const alarm of all) timers.clear(alarm)
    assert.lengthOf(active(), before)
    timers.clear(set(60_000))
    assert.lengthOf(active(), before)
  })
})
