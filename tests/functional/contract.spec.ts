import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import type { TestContext } from '@japa/runner/core'
import db from '@adonisjs/lucid/services/db'
import { startScript, theEngine } from '#tests/helpers/scripted'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { send, start, type Options } from '#tests/helpers/http'
import { fresh, problem, told } from '#tests/helpers/told'

/** A task that stands at 10 % until it may go on. */
async function halted() {
  const go = deferred()
  const id = await startScript(async (task) => {
    task.progress(10)
    await go.promise
    return { done: true }
  })
  const at = await until(async () => {
    const { body } = await send('GET', `/tasks/${id}`)
    return body.progress === 10 ? body : null
  })
  return { id, etag: `"${at.version}"`, go: () => go.resolve() }
}

/** A task that has completed. */
async function completed() {
  const { id, go } = await halted()
  go()
  const { version } = await endOf(id)
  return { id, etag: `"${version}"` }
}

test.group('The contract, header for header', () => {
  test('POST /tasks', async ({ assert }) => {
    const answer = await start({ type: 'simulate', input: { steps: 1, stepMs: 0 } })
    const { id } = answer.body
    assert.deepEqual(told(answer), {
      ...fresh,
      'status': 202,
      'location': `/tasks/${id}`,
      'retry-after': '1',
      'etag': '"1"',
    })
    const { version } = await endOf(id)
    const body = { id, type: 'simulate', input: { steps: 1, stepMs: 0 } }
    assert.deepEqual(told(await start(body, { prefer: 'wait=5' })), {
      ...fresh,
      'status': 200,
      'location': `/tasks/${id}`,
      'preference-applied': 'wait=5',
      'etag': `"${version}"`,
    })
  })

  test('GET /tasks/:id and /progress, while it lives and afterwards', async ({ assert }) => {
    const live = await halted()
    const ended = await completed()
    for (const path of ['', '/progress']) {
      const { etag, id } = live
      const now = await send('GET', `/tasks/${id}${path}`)
      assert.deepEqual(told(now), { ...fresh, etag, 'status': 200, 'retry-after': '1' })
      const end = await send('GET', `/tasks/${ended.id}${path}`)
      assert.deepEqual(told(end), { ...fresh, status: 200, etag: ended.etag })
      const waited = await send('GET', `/tasks/${ended.id}/progress`, {
        headers: { prefer: 'wait=60' },
      })
      assert.equal(waited.headers.get('preference-applied'), 'wait=60')
    }
    live.go()
  })

  test('304 for who has it: the same headers, no body', async ({ assert }) => {
    const live = await halted()
    const ended = await completed()
    const unchanged = { 'cache-control': fresh['cache-control'], 'vary': fresh.vary }
    for (const path of ['', '/progress']) {
      for (const known of [live.etag, `W/${live.etag}`, `"x", ${live.etag}`, '*']) {
        const headers = { 'if-none-match': known }
        const answer = await send('GET', `/tasks/${live.id}${path}`, { headers })
        const { etag } = live
        assert.deepEqual(told(answer), { ...unchanged, etag, 'status': 304, 'retry-after': '1' })
        assert.equal(answer.text, '')
      }
      const headers = { 'if-none-match': ended.etag }
      const end = await send('GET', `/tasks/${ended.id}${path}`, { headers })
      assert.deepEqual(told(end), { ...unchanged, status: 304, etag: ended.etag })
      const old = await send('GET', `/tasks/${ended.id}${path}`, {
        headers: { 'if-none-match': '"1"' },
      })
      assert.equal(old.status, 200)
    }
    live.go()
  })

  test('GET /tasks/:id has an ETag for each representation that has one at all', async ({
    assert,
  }) => {
    const { id, etag } = await completed()
    const as = (accept: string) => send('GET', `/tasks/${id}`, { headers: { accept } })
    const [whole, anything] = [await as('application/json'), await as('*/*')]
    assert.deepEqual([whole.headers.get('etag'), anything.headers.get('etag')], [etag, etag])
    assert.equal(whole.text, anything.text)
    for (const type of ['text/event-stream', 'text/plain']) {
      const stream = await as(type)
      assert.isNull(stream.headers.get('etag'))
      assert.equal(stream.headers.get('vary'), 'Origin, Accept')
      assert.include(stream.headers.get('content-type'), type)
      assert.include(stream.headers.get('cache-control'), 'no-store')
    }
  })

  test('GET /tasks/:id/events', async ({ assert }) => {
    const { id, etag } = await completed()
    const answer = await send('GET', `/tasks/${id}/events`)
    assert.deepEqual(told(answer), {
      'status': 200,
      'vary': 'Origin, Accept',
      'content-type': 'text/event-stream',
      'cache-control': 'private, no-cache, no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    const headers = { 'last-event-id': etag.slice(1, -1) }
    const seen = await send('GET', `/tasks/${id}/events`, { headers })
    assert.deepEqual(told(seen), { status: 204, vary: 'Origin, Accept' })
  })

  test('POST /tasks/:id/cancel', async ({ assert }) => {
    const live = await halted()
    const stopping = await send('POST', `/tasks/${live.id}/cancel`)
    assert.deepEqual(told(stopping), {
      ...fresh,
      'status': 202,
      'retry-after': '1',
      'etag': `"${stopping.body.version}"`,
    })
    live.go()
    await endOf(live.id)
    const finished = await send('POST', `/tasks/${live.id}/cancel`)
    assert.deepEqual(told(finished), { ...problem, status: 409 })

    const { body: waiting } = await start({ type: 'simulate', input: { stepMs: 60_000 } })
    await send('POST', waiting.links.cancel)
    const { version } = await endOf(waiting.id)
    const cancelled = await send('POST', waiting.links.cancel)
    assert.deepEqual(told(cancelled), { ...fresh, status: 200, etag: `"${version}"` })
  })

  test('POST /tasks/:id/retry', async ({ assert }) => {
    const { body: old } = await start({
      type: 'simulate',
      input: { steps: 1, stepMs: 0, failAt: 1 },
    })
    await endOf(old.id)
    const answer = await send('POST', `/tasks/${old.id}/retry`)
    assert.deepEqual(told(answer), {
      ...fresh,
      'status': 202,
      'location': `/tasks/${answer.body.id}`,
      'retry-after': '1',
      'etag': '"1"',
    })
    const { id } = await completed()
    const refused = await send('POST', `/tasks/${id}/retry`)
    assert.deepEqual(told(refused), { ...problem, status: 409 })
  })

  test('DELETE /tasks/:id', async ({ assert }) => {
    const live = await halted()
    const refused = await send('DELETE', `/tasks/${live.id}`)
    assert.deepEqual(told(refused), { ...problem, status: 409 })
    live.go()
    await endOf(live.id)
    assert.deepEqual(told(await send('DELETE', `/tasks/${live.id}`)), {
      status: 204,
      vary: 'Origin',
    })
    const gone = await send('DELETE', `/tasks/${live.id}`)
    assert.deepEqual(told(gone), { ...problem, status: 410 })
  })

  test('HEAD is GET without the body', async ({ assert }) => {
    const { id } = await completed()
    for (const path of [`/tasks/${id}`, `/tasks/${id}/progress`, '/tasks', '/task-types']) {
      const [get, head] = [await send('GET', path), await send('HEAD', path)]
      assert.deepEqual(told(head), told(get))
      assert.equal(head.text, '')
    }
    const unknown = await send('HEAD', `/tasks/${randomUUID()}`)
    assert.deepEqual([unknown.status, unknown.text], [404, ''])
  })
})

test.group('Retry-After', () => {
  /** Seconds after which to look again: a twentieth of the time elapsed. */
  const curve = (elapsed: number) => Math.min(30, Math.max(1, Math.round(elapsed / 20)))

  test('grows with the time elapsed: {ago} s')
    .with([{ ago: 0 }, { ago: 60 }, { ago: 210 }, { ago: 400 }, { ago: 590 }, { ago: 86_400 }])
    .run(async ({ assert, cleanup }, { ago }) => {
      const since = Date.now() - ago * 1000
      const id = await waiting(cleanup, { created_at: new Date(since).toISOString() })
      const { headers } = await send('GET', `/tasks/${id}/progress`)
      const seconds = Number(headers.get('retry-after'))
      assert.isAtLeast(seconds, curve(ago))
      assert.isAtMost(seconds, curve((Date.now() - since) / 1000))
    })

  test('is shorter near the end', async ({ assert, cleanup }) => {
    const createdAt = new Date(Date.now() - 1_000_000).toISOString()
    for (const [eta, seconds] of [
      [0, 1],
      [0.4, 1],
      [7, 7],
      [29.6, 30],
      [100, 30],
    ]) {
      const id = await waiting(cleanup, { created_at: createdAt, eta_seconds: eta })
      const { headers } = await send('GET', `/tasks/${id}`)
      assert.equal(headers.get('retry-after'), String(seconds))
    }
  })

  /** A task that waits for another attempt, with these columns. */
  async function waiting(cleanup: TestContext['cleanup'], columns: object) {
    await theEngine()
    const id = await startScript(async () => {})
    await endOf(id)
    const nextAttempt = new Date(Date.now() + 3_600_000).toISOString()
    const row = {
      status: 'queued',
      started_at: null,
      finished_at: null,
      next_attempt_at: nextAttempt,
    }
    await db
      .from('tasks')
      .where('id', id)
      .update({ ...row, ...columns })
    cleanup(async () => void (await send('POST', `/tasks/${id}/cancel`)))
    return id
  }
})

test.group('Methods', () => {
  const id = randomUUID()

  test('{method} {path} is 405, and says what can be done')
    .with([
      { method: 'PUT', path: '/tasks', allow: 'GET, HEAD, POST, OPTIONS' },
      { method: 'DELETE', path: '/tasks', allow: 'GET, HEAD, POST, OPTIONS' },
      { method: 'POST', path: `/tasks/${id}`, allow: 'GET, HEAD, DELETE, OPTIONS' },
      { method: 'PATCH', path: `/tasks/${id}`, allow: 'GET, HEAD, DELETE, OPTIONS' },
      { method: 'POST', path: `/tasks/${id}/progress`, allow: 'GET, HEAD, OPTIONS' },
      { method: 'GET', path: `/tasks/${id}/cancel`, allow: 'POST, OPTIONS' },
      { method: 'HEAD', path: `/tasks/${id}/cancel`, allow: 'POST, OPTIONS' },
      { method: 'GET', path: `/tasks/${id}/retry`, allow: 'POST, OPTIONS' },
      { method: 'DELETE', path: '/task-types', allow: 'GET, HEAD, OPTIONS' },
      { method: 'GET', path: '/__transmit/subscribe', allow: 'POST, OPTIONS' },
    ])
    .run(async ({ assert }, { method, path, allow }) => {
      const answer = await send(method, path)
      assert.deepEqual(told(answer), { ...problem, status: 405, allow })
      if (method !== 'HEAD') assert.equal(answer.body.code, 'method-not-allowed')
    })

  test('OPTIONS says what can be done', async ({ assert }) => {
    const answer = await send('OPTIONS', `/tasks/${id}`)
    assert.deepEqual(told(answer), {
      status: 204,
      allow: 'GET, HEAD, DELETE, OPTIONS',
      vary: 'Origin',
    })
    const unknown = await send('OPTIONS', '/nothing')
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'route-not-found'])
  })

  test('an address that can not be decoded: {$self}')
    .with(['/tasks/%', '/tasks/%E0%A4%A', '/%zz', '/tasks/%/cancel'])
    .run(async ({ assert }, path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await send(method, path)
        assert.deepEqual(told(answer), { ...problem, status: 400 })
        assert.containsSubset(answer.body, { code: 'malformed-url', status: 400 })
      }
    })
})

test.group('Across origins', () => {
  const origin = 'http://localhost:5173'
  const exposed = 'location,retry-after,etag,idempotent-replayed,preference-applied,link'

  test('a page may read our headers, of answers and of problems', async ({ assert }) => {
    const { id } = await completed()
    const ask: [string, string, Options?][] = [
      ['GET', `/tasks/${id}`],
      ['GET', `/tasks/${randomUUID()}`],
      ['PUT', '/tasks'],
    ]
    for (const [method, path] of ask) {
      const { headers } = await send(method, path, { headers: { origin } })
      assert.equal(headers.get('access-control-allow-origin'), origin)
      assert.equal(headers.get('access-control-expose-headers')?.toLowerCase(), exposed)
    }
  })

  test('a page may send what the contract knows', async ({ assert }) => {
    for (const method of ['POST', 'DELETE']) {
      const { status, headers } = await send('OPTIONS', '/tasks', {
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers':
            'content-type,prefer,idempotency-key,if-none-match,last-event-id',
        },
      })
      assert.equal(status, 204)
      assert.equal(headers.get('access-control-allow-origin'), origin)
      assert.include(headers.get('access-control-allow-methods'), method)
      const allowed = headers.get('access-control-allow-headers') ?? ''
      for (const name of ['prefer', 'idempotency-key', 'if-none-match']) {
        assert.include(allowed, name)
      }
    }
  })
})
