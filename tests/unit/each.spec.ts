import { test } from '@japa/runner'
import { Each } from '#engine/each'
import { busy } from '#tests/helpers/waiting'

test.group('Going through items', () => {
  /** What happens, in order, as the items are gone through. */
  async function story<T>(
    items: Iterable<T> | AsyncIterable<T>,
    { leaveAt = Infinity, stopAt = Infinity }: { leaveAt?: number; stopAt?: number } = {}
  ): Promise<unknown[]> {
    const told: unknown[] = []
    let count = 0
    const check = () => {
      if (count === stopAt) throw new Error('stop')
    }
    try {
      for await (const item of new Each(items, { check, done: (one) => told.push('done', one) })) {
        told.push('take', item)
        if (++count === leaveAt) break
      }
    } catch (error) {
      told.push((error as Error).message)
    }
    return told
  }

  /** Tells when it is closed, also before its end. */
  function letters(closed: () => void, last?: Error) {
    return (function* () {
      try {
        yield 'a'
        yield 'b'
        if (last) throw last
      } finally {
        closed()
      }
    })()
  }

  async function* later<T>(items: Iterable<T>) {
    for (const item of items) {
      await null
      yield item
    }
  }

  for (const kind of ['plain', 'asynchronous'] as const) {
    /** @param more how it is left, and what happened then */
    async function closing(more: Parameters<typeof story>[1] & { last?: Error } = {}) {
      let closings = 0
      const plain = letters(() => closings++, more.last)
      const told = await story<string>(kind === 'plain' ? plain : later(plain), more)
      return { told: told.join(' '), closings }
    }

    test(`an item is done when the next one is taken: ${kind} ones`, async ({ assert }) => {
      assert.deepEqual(await closing(), { told: 'take a done a take b done b', closings: 1 })
    })

    test(`they are closed when it is left early: ${kind} ones`, async ({ assert }) => {
      assert.deepEqual(await closing({ leaveAt: 1 }), { told: 'take a', closings: 1 })
      const stopped = { told: 'take a done a stop', closings: 1 }
      assert.deepEqual(await closing({ stopAt: 1 }), stopped)
      const stoppedLast = { told: 'take a done a take b done b stop', closings: 1 }
      assert.deepEqual(await closing({ stopAt: 2 }), stoppedLast)
      const failed = { told: 'take a done a take b done b broken', closings: 1 }
      assert.deepEqual(await closing({ last: new Error('broken') }), failed)
    })
  }

  test('promises in a list are waited for', async ({ assert }) => {
    const told = await story([Promise.resolve('a'), Promise.reject(new Error('broken'))])
    assert.deepEqual(told, ['take', 'a', 'done', 'a', 'broken'])
  })

  test('texts, and what only looks like a promise, are items like any other', async ({
    assert,
  }) => {
    assert.deepEqual(await story('ab'), ['take', 'a', 'done', 'a', 'take', 'b', 'done', 'b'])
    const query = { then: (resolve: (rows: string) => void) => resolve('rows') }
    assert.deepEqual(await story<unknown>([query]), ['take', 'rows', 'done', 'rows'])
  })

  test('what has to wait for an item is not given it once it shall stop', async ({ assert }) => {
    let isStopped = false
    const check = () => {
      if (isStopped) throw new Error('stop')
    }
    const each = new Each([new Promise((resolve) => setImmediate(resolve, 'late'))], {
      check,
      done: () => {},
    })
    const next = each.next()
    isStopped = true
    await assert.rejects(() => next, 'stop')
  })

  test('what is left is over, and what closing throws hides no error', async ({ assert }) => {
    const list = new Each(['a', 'b'], { check: () => {}, done: () => {} })
    for await (const item of list) {
      assert.equal(item, 'a')
      break
    }
    for await (const item of list) assert.fail(`${item} after the end`)
    const items = letters(() => {
      throw new Error('closing failed')
    })
    const told = await story(items, { stopAt: 1 })
    assert.equal(told.at(-1), 'stop')
  })

  test('the event loop breathes, however long the list', async ({ assert, cleanup }) => {
    let turns = 0
    const counting = setInterval(() => turns++, 0)
    cleanup(() => clearInterval(counting))
    const each = new Each(Array.from({ length: 40 }), { check: () => {}, done: () => busy(5) })
    for await (const item of each) assert.isUndefined(item)
    assert.isAbove(turns, 5)
  })
})
