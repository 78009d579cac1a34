import { test } from '@japa/runner'
import { Paced } from '#realtime/paced'
import { deferred, turns } from '#tests/helpers/waiting'

test.group('Paced work', () => {
  test('runs once for all who ask while it is under way, after that', async ({ assert }) => {
    const gates = [deferred(), deferred()]
    let starts = 0
    const paced = new Paced(0, () => gates[starts++]?.promise ?? Promise.reject(new Error('More')))
    const first = paced.run()
    await turns(5)
    assert.equal(starts, 1)
    const asked = Array.from({ length: 100 }, () => paced.run())
    await turns(5)
    assert.equal(starts, 1)
    gates[0]?.resolve()
    await first
    gates[1]?.resolve()
    await Promise.all(asked)
    assert.equal(starts, 2)
  })

  test('keeps its pause, also after a failure, which those hear who asked for that run', async ({
    assert,
  }) => {
    const starts: number[] = []
    const paced = new Paced(100, async () => {
      if (starts.push(performance.now()) === 1) throw new Error('The first fails')
    })
    await assert.rejects(() => paced.run(), 'The first fails')
    await paced.run()
    await paced.run()
    const [one = 0, two = 0, three = 0] = starts
    assert.isAtLeast(two - one, 98)
    assert.isAtLeast(three - two, 98)
  })
})
