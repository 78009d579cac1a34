import { test } from '@japa/runner'
import { Turns } from '#engine/turns'
import { ownTime } from '#tests/helpers/own_time'

test.group('Turns', () => {
  /** Who had his turn in which of so many seconds. */
  function taken(turns: Turns<string>, seconds: number, again: (whose: string) => number | null) {
    const had: [string, number][] = []
    for (let second = 1; second <= seconds; second++) {
      turns.next((whose) => {
        had.push([whose, second])
        return again(whose)
      })
    }
    return had
  }

  test('come after so many seconds, and can be given up', ({ assert }) => {
    const turns = new Turns<string>()
    for (const seconds of [1, 15, 30]) turns.add(`in ${seconds}`, seconds)
    turns.add('given up', 3)
    turns.delete('given up')
    turns.delete('never there')
    assert.isFalse(turns.has('given up'))
    assert.isTrue(turns.has('in 30'))
    const expected = [1, 15, 30].map((seconds) => [`in ${seconds}`, seconds])
    assert.deepEqual(
      taken(turns, 70, () => null),
      expected as [string, number][]
    )
    assert.isFalse(turns.has('in 30'))
  })

  test('come once, and when it was said last, to whoever comes back', ({ assert }) => {
    const turns = new Turns<string>()
    for (const seconds of [3, 7, 5]) {
      turns.delete('again')
      turns.add('again', seconds)
    }
    assert.equal(turns.size, 1)
    assert.deepEqual(
      taken(turns, 40, () => null),
      [['again', 5]]
    )
  })

  test('come again when they were told to', ({ assert }) => {
    const turns = new Turns<string>()
    turns.add('often', 2)
    turns.add('seldom', 30)
    const had = taken(turns, 65, (whose) => (whose === 'often' ? 20 : 30))
    assert.deepEqual(had, [
      ['often', 2],
      ['often', 22],
      ['seldom', 30],
      ['often', 42],
      ['seldom', 60],
      ['often', 62],
    ])
  })

  test('that came while nobody looked are taken at once, and no second is lost', ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    let time = 0
    const turns = new Turns<string>()
    for (const seconds of [1, 2, 20, 22]) turns.add(`in ${seconds}`, seconds)
    const had: [string, number][] = []
    const look = (at: number) => {
      pass(at - time)
      time = at
      turns.upToNow((whose) => {
        had.push([whose, at])
        return null
      })
    }
    for (const at of [999, 1999, 2000, 21_500, 22_000]) look(at)
    assert.deepEqual(had, [
      ['in 1', 1999],
      ['in 2', 2000],
      ['in 20', 21_500],
      ['in 22', 22_000],
    ])
  })

  test("don't come again to whoever was deleted in his turn", ({ assert }) => {
    const turns = new Turns<string>()
    turns.add('closed', 1)
    const had = taken(turns, 40, (whose) => {
      turns.delete(whose)
      return 5
    })
    assert.deepEqual(had, [['closed', 1]])
    assert.isFalse(turns.has('closed'))
  })
})
