import { test } from '@japa/runner'
import type { Cut } from '#engine/cut'
import type { Engine } from '#engine/engine'
import { madeCut } from '#tests/helpers/made_cut'
import { Waiters } from '#realtime/waiters'

const older = madeCut({ id: 'a', version: 4 })
const end = madeCut({ id: 'a', version: 5, status: 'completed' })

/** Waiters of an engine that reads what it is given. */
function waitersOf(cutOf: Engine['cutOf']) {
  let tell: Parameters<Engine['listen']>[0] = () => {}
  let followed: Parameters<Engine['follow']>[0] = () => ({ ids: [], all: false })
  const engine: Pick<Engine, 'listen' | 'follow' | 'cutOf'> = {
    listen: (listener) => ((tell = listener), () => {}),
    follow: (interest) => void (followed = interest),
    cutOf,
  }
  const waiters = new Waiters(engine as Engine)
  return { waiters, tell: (cut: Cut) => tell(cut), followed: () => [...followed().ids] }
}

/** Longer than a test has time. */
const patience = (signal = new AbortController().signal) => ({ milliseconds: 60_000, signal })
const never = () => new Promise<null>(() => {})

test.group('Whoever waits for a task', (group) => {
  group.each.timeout(2000)

  test('is answered at once when it is that far already, and is followed no more', async ({
    assert,
  }) => {
    const { waiters, followed } = waitersOf(async () => end)
    const newest = waiters.newerThan('a', 4, patience())
    assert.deepEqual(followed(), ['a'])
    assert.equal(await newest, end)
    assert.equal(await waiters.endOf('a', patience()), end)
    assert.equal(waiters.size, 0)
    assert.deepEqual(followed(), [])
  })

  test('is told what happens while it is read, too, and nothing older', async ({ assert }) => {
    const { waiters, tell } = waitersOf(async () => {
      tell(older)
      tell(end)
      return older
    })
    assert.equal(await waiters.newerThan('a', 4, patience()), end)
    assert.equal(await waiters.endOf('a', patience()), end)
  })

  test('waits no longer when it can’t be read', async ({ assert }) => {
    const { waiters, followed } = waitersOf(async () => {
      throw new Error('the disk is gone')
    })
    assert.isNull(await waiters.endOf('a', patience()))
    assert.deepEqual(followed(), [])
  })

  test('does not wait when it has hung up before, or the server stops', async ({ assert }) => {
    const { waiters, followed } = waitersOf(never)
    assert.isNull(await waiters.endOf('a', patience(AbortSignal.abort())))
    const waiting = waiters.endOf('a', patience())
    waiters.close()
    assert.isNull(await waiting)
    assert.isNull(await waiters.endOf('a', patience()))
    assert.deepEqual(followed(), [])
  })
})
