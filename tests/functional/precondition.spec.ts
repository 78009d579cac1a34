import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { endOf, until } from '#tests/helpers/waiting'
import { send, start, type Answer } from '#tests/helpers/http'

/** A task that waits in its first step, as it is then. */
async function live(): Promise<Answer> {
  const { body } = await start({ type: 'simulate', input: { steps: 1, stepMs: 60_000 } })
  return until(async () => {
    const answer = await send('GET', `/tasks/${body.id}`)
    return answer.body.status === 'processing' ? answer : null
  })
}

async function ended(input: object = {}): Promise<Answer> {
  const { body } = await start({ type: 'simulate', input: { steps: 1, stepMs: 0, ...input } })
  await endOf(body.id)
  return send('GET', `/tasks/${body.id}`)
}

const match = (tag: string | null) => ({ headers: { 'if-match': String(tag) } })

test.group('If-Match on what changes a task', () => {
  test('another state is 412 and nothing is done: {$self}')
    .with(['', '"1"', '"foreign"', 'W/"1"', 'nonsense', '"1", "2"'])
    .run(async ({ assert, cleanup }, tag) => {
      const [running, failed, done] = [await live(), await ended({ failAt: 1 }), await ended()]
      cleanup(async () => void (await send('POST', running.body.links.cancel)))
      for (const answer of [
        await send('POST', running.body.links.cancel, match(tag)),
        await send('POST', `/tasks/${failed.body.id}/retry`, match(tag)),
        await send('DELETE', done.body.links.self, match(tag)),
      ]) {
        assert.deepEqual([answer.status, answer.body.code], [412, 'precondition-failed'])
      }
      assert.isNull((await send('GET', running.body.links.self)).body.cancelRequestedAt)
      assert.equal((await send('GET', done.body.links.self)).status, 200)
    })

  test('a weak tag of the very state matches nothing', async ({ assert }) => {
    const { body, headers } = await ended()
    const weak = await send('DELETE', body.links.self, match(`W/${headers.get('etag')}`))
    assert.equal(weak.status, 412)
  })

  test('this state, one of a list, and any state', async ({ assert }) => {
    const tags = (answer: Answer) => [
      answer.headers.get('etag'),
      `"foreign", ${answer.headers.get('etag')}`,
      '*',
    ]
    for (const at of [0, 1, 2]) {
      const running = await live()
      const cancel = await send('POST', running.body.links.cancel, match(tags(running)[at]))
      assert.equal(cancel.status, 202)
      const failed = await ended({ failAt: 1 })
      const retry = `/tasks/${failed.body.id}/retry`
      assert.equal((await send('POST', retry, match(tags(failed)[at]))).status, 202)
      const done = await ended()
      assert.equal((await send('DELETE', done.body.links.self, match(tags(done)[at]))).status, 204)
    }
  })

  test('what would be refused anyhow is refused for that', async ({ assert, cleanup }) => {
    const [running, done] = [await live(), await ended()]
    cleanup(async () => void (await send('POST', running.body.links.cancel)))
    const old = match('"1"')
    for (const [method, path, code] of [
      ['DELETE', running.body.links.self, 'task-live'],
      ['POST', done.body.links.cancel, 'task-finished'],
      ['POST', `/tasks/${done.body.id}/retry`, 'not-retryable'],
      ['DELETE', `/tasks/${randomUUID()}`, 'task-not-found'],
    ] as const) {
      assert.equal((await send(method, path, old)).body.code, code)
    }
  })
})
