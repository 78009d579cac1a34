import { test } from '@japa/runner'
import { connect } from 'node:net'
import { randomUUID } from 'node:crypto'
import app from '@adonisjs/core/services/app'
import { Waiters } from '#realtime/waiters'
import { send, start } from '#tests/helpers/http'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { scriptInput, startScript, theEngine } from '#tests/helpers/scripted'

const wait = (seconds: number | string) => ({ Prefer: `wait=${seconds}` })

/** Sends a request whose client hangs up as soon as the server holds it. */
async function abandon(request: string, waiters: Waiters): Promise<void> {
  const before = waiters.size
  const socket = connect(Number(process.env.PORT), process.env.HOST)
  socket.on('error', () => {})
  socket.write(request)
  await until(() => waiters.size === before + 1)
  socket.destroy()
  await until(() => waiters.size === before)
}

/** A task that runs, and changes no more until its script goes on. */
async function halted(rest: () => Promise<void>) {
  await theEngine()
  const id = await startScript(async (task) => {
    task.progress(10)
    await rest()
  })
  const etag = await until(async () => {
    const { body, headers } = await send('GET', `/tasks/${id}/progress`)
    return body.progress === 10 ? headers.get('etag') : null
  })
  return { id, etag }
}

test.group('Prefer: wait=N when a task is started', () => {
  test('200 with the finished task when it ends in time', async ({ assert }) => {
    await theEngine()
    const input = scriptInput(async () => ({ done: true }))
    const answer = await start({ type: 'scripted', input }, wait(60))
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('preference-applied'), 'wait=60')
    assert.equal(answer.headers.get('location'), `/tasks/${answer.body.id}`)
    assert.equal(answer.headers.get('etag'), `"${answer.body.version}"`)
    assert.isNull(answer.headers.get('retry-after'))
    assert.containsSubset(answer.body, { status: 'completed', result: { done: true }, input })
    const { text } = await send('GET', `/tasks/${answer.body.id}`)
    assert.equal(answer.text, text)
  })

  test('a failed one has ended, too', async ({ assert }) => {
    const input = { steps: 1, stepMs: 0, failAt: 1 }
    const answer = await start({ type: 'simulate', input }, wait(60))
    assert.equal(answer.status, 200)
    assert.containsSubset(answer.body, { status: 'failed', error: { code: 'simulated-failure' } })
  })

  test('a cancelled one has ended, too', async ({ assert }) => {
    const id = randomUUID()
    const waiters = await app.container.make(Waiters)
    const answer = start({ id, type: 'simulate', input: { steps: 1, stepMs: 60_000 } }, wait(60))
    await until(() => waiters.size === 1)
    await send('POST', `/tasks/${id}/cancel`)
    assert.equal((await answer).body.status, 'cancelled')
  })

  test('202 with the newest there is when it does not', async ({ assert }) => {
    await theEngine()
    const go = deferred()
    const input = scriptInput(async (task) => {
      task.progress(10)
      await go.promise
    })
    const key = { 'Idempotency-Key': randomUUID() }
    const { body: task } = await start({ type: 'scripted', input }, key)
    const newest = await until(async () => {
      const { body } = await send('GET', task.links.self)
      return body.progress === 10 ? body : null
    })
    const answer = await start({ type: 'scripted', input }, { ...key, ...wait(1) })
    assert.equal(answer.status, 202)
    assert.equal(answer.headers.get('preference-applied'), 'wait=1')
    assert.equal(answer.headers.get('etag'), `"${newest.version}"`)
    assert.containsSubset(answer.body, { status: 'processing', progress: 10 })
    go.resolve()
    await endOf(answer.body.id)
  })

  test('the same again waits for the task that is there', async ({ assert }) => {
    await theEngine()
    const go = deferred()
    const input = scriptInput(() => go.promise)
    const headers = { 'Idempotency-Key': randomUUID() }
    const first = await start({ type: 'scripted', input }, headers)
    const waiters = await app.container.make(Waiters)
    const again = start({ type: 'scripted', input }, { ...headers, ...wait(60) })
    await until(() => waiters.size === 1)
    go.resolve()
    const { status, body, headers: told } = await again
    assert.deepEqual([status, body.id, body.status], [200, first.body.id, 'completed'])
    assert.equal(told.get('idempotent-replayed'), 'true')
  })

  test('nonsense is passed over: {$self}')
    .with(['wait', 'wait=-1', 'wait=abc', 'wait=1e9', 'respond-async; wait=5', ',,"'])
    .run(async ({ assert }, prefer) => {
      const input = { steps: 1, stepMs: 0 }
      const answer = await start({ type: 'simulate', input }, { Prefer: prefer })
      assert.equal(answer.status, 202)
      assert.isNull(answer.headers.get('preference-applied'))
    })
})

test.group('If-None-Match with Prefer: wait=N', () => {
  test('who lacks the state of now gets it at once: {$self}')
    .with(['"999999"', '"1"', '"foreign"', 'W/"foreign", "1"', 'nonsense', '"'])
    .run(async ({ assert, cleanup }, known) => {
      const go = deferred()
      cleanup(() => go.resolve())
      const { id, etag } = await halted(() => go.promise)
      const headers = { ...wait(60), 'If-None-Match': known }
      const answer = await send('GET', `/tasks/${id}/progress`, { headers })
      assert.deepEqual([answer.status, answer.headers.get('etag')], [200, etag])
    })
    .timeout(10_000)

  test('`*` means any state: 304 at once', async ({ assert, cleanup }) => {
    const go = deferred()
    cleanup(() => go.resolve())
    const { id, etag } = await halted(() => go.promise)
    const headers = { ...wait(60), 'If-None-Match': '*' }
    const answer = await send('GET', `/tasks/${id}/progress`, { headers })
    assert.deepEqual([answer.status, answer.headers.get('etag')], [304, etag])
  }).timeout(10_000)

  test('who has it among others is held until there is news', async ({ assert }) => {
    const waiters = await app.container.make(Waiters)
    const go = deferred()
    const { id, etag } = await halted(() => go.promise)
    const headers = { ...wait(60), 'If-None-Match': `"foreign", W/${etag}, "1"` }
    const answer = send('GET', `/tasks/${id}/progress`, { headers })
    await until(() => waiters.size === 1)
    go.resolve()
    const { version } = await endOf(id)
    const { status, body } = await answer
    assert.deepEqual([status, body.version, body.status], [200, version, 'completed'])
  })

  test('a wait that ends without news answers with what there is then', async ({
    assert,
    cleanup,
  }) => {
    const waiters = await app.container.make(Waiters)
    const go = deferred()
    const { id, etag } = await halted(() => go.promise)
    // Patience ends as the task does.
    waiters.newerThan = async () => {
      go.resolve()
      await endOf(id)
      return null
    }
    cleanup(() => void Reflect.deleteProperty(waiters, 'newerThan'))
    const headers = { ...wait(60), 'If-None-Match': String(etag) }
    const answer = await send('GET', `/tasks/${id}/progress`, { headers })
    assert.deepEqual([answer.status, answer.body.status], [200, 'completed'])
  })
})

test.group('A request that is held', () => {
  test('is let go when its client hangs up; the task goes on', async ({ assert }) => {
    await theEngine()
    const waiters = await app.container.make(Waiters)
    const go = deferred()
    const { id } = await halted(() => go.promise)
    await abandon(
      `GET /tasks/${id}/progress HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n\r\n`,
      waiters
    )

    const other = randomUUID()
    const body = JSON.stringify({
      id: other,
      type: 'scripted',
      input: scriptInput(() => go.promise),
    })
    await abandon(
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n' +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      waiters
    )
    go.resolve()
    assert.equal((await endOf(id)).snapshot.status, 'completed')
    assert.equal((await endOf(other)).snapshot.status, 'completed')
  })

  test('costs an entry and nothing else: a hundred of them are told at once', async ({
    assert,
  }) => {
    const waiters = await app.container.make(Waiters)
    const go = deferred()
    const id = await startScript(() => go.promise)
    await until(async () => {
      const { body } = await send('GET', `/tasks/${id}/progress`)
      return body.status === 'processing'
    })
    const waiting = Array.from({ length: 100 }, () =>
      send('GET', `/tasks/${id}/progress`, { headers: wait(60) })
    )
    await until(() => waiters.size === 100)
    go.resolve()
    const { version, json } = await endOf(id)
    for (const answer of await Promise.all(waiting)) {
      assert.deepEqual([answer.status, answer.body.version], [200, version])
      assert.equal(answer.text, json)
    }
    assert.equal(waiters.size, 0)
  })
})
