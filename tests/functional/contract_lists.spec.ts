import { test } from '@japa/runner'
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'
import { fresh, json, problem, told } from '#tests/helpers/told'
import { base, send, start, startImport } from '#tests/helpers/http'

const unkept = { 'cache-control': 'private, no-cache', 'vary': 'Origin' }
const list = { ...unkept, 'status': 200, 'content-type': json }

/** `POST /tasks` at a server of its own. */
function startAt(url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/tasks`, { method: 'POST', headers, body: JSON.stringify(body) })
}

test.group('The contract of lists and results, header for header', () => {
  test('GET {$self}')
    .with(['/tasks', '/tasks?limit=1', '/task-types', '/datasets', '/health'])
    .run(async ({ assert }, path) => {
      assert.deepEqual(told(await send('GET', path)), list)
      assert.deepEqual(told(await send('HEAD', path)), list)
    })

  test('GET {$self} that is not in order')
    .with(['/tasks?limit=0', '/datasets?cursor=%00'])
    .run(async ({ assert }, path) => {
      assert.deepEqual(told(await send('GET', path)), { ...problem, status: 422 })
    })

  test('GET /tasks/:id/logs', async ({ assert }) => {
    const { body } = await start({ type: 'simulate', input: { steps: 1 } }, { prefer: 'wait=60' })
    assert.deepEqual(told(await send('GET', body.links.logs)), list)
    const unknown = await send('GET', `/tasks/${randomUUID()}/logs`)
    assert.deepEqual(told(unknown), { ...problem, status: 404 })
  })

  test('GET /tasks/:id/result', async ({ assert }) => {
    const { body } = await start({ type: 'simulate', input: { steps: 1, stepMs: 60_000 } })
    const early = await send('GET', body.links.result)
    assert.deepEqual(told(early), { ...problem, 'status': 409, 'retry-after': '1' })
    await send('POST', body.links.cancel)
    await until(async () => (await send('GET', body.links.self)).body.finishedAt)
    assert.deepEqual(told(await send('GET', body.links.result)), { ...problem, status: 422 })

    const input = { steps: 1, stepMs: 0 }
    const done = await start({ type: 'simulate', input }, { prefer: 'wait=60' })
    const etag = String(done.headers.get('etag'))
    const { links } = done.body
    assert.deepEqual(told(await send('GET', links.result)), { ...list, etag })
    const headers = { 'if-none-match': etag }
    const same = await send('GET', links.result, { headers })
    assert.deepEqual(told(same), { ...unkept, status: 304, etag })
  })

  test('GET /tasks/:id/result, a file', async ({ assert }) => {
    const dataset = randomUUID()
    const wait = { prefer: 'wait=60' }
    assert.equal((await startImport({ dataset, content: 'a\n1\n' }, wait)).status, 200)
    const { body } = await start({ type: 'export-dataset', input: { dataset } }, wait)
    const whole = await send('GET', body.links.result)
    const sha256 = createHash('sha256').update(whole.text).digest('hex')
    const file = { ...unkept, 'etag': `"${sha256}"`, 'accept-ranges': 'bytes' }
    const download = {
      ...file,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename=${dataset}.csv`,
      'x-content-type-options': 'nosniff',
    }
    assert.deepEqual(told(whole), { ...download, status: 200 })
    const part = await send('GET', body.links.result, { headers: { range: 'bytes=0-0' } })
    const size = whole.headers.get('content-length')
    const range = { 'content-range': `bytes 0-0/${size}` }
    assert.deepEqual(told(part), { ...download, ...range, status: 206 })
    const behind = await send('GET', body.links.result, { headers: { range: 'bytes=999-' } })
    assert.deepEqual(told(behind), {
      ...problem,
      'status': 416,
      'accept-ranges': 'bytes',
      'content-range': `bytes */${size}`,
    })
    const same = await send('GET', body.links.result, { headers: { 'if-none-match': file.etag } })
    assert.deepEqual(told(same), { ...file, status: 304 })
  })

  test('what is negotiated says so, also where there is nothing', async ({ assert }) => {
    for (const path of ['', '/events']) {
      const unknown = await send('GET', `/tasks/${randomUUID()}${path}`)
      assert.deepEqual(told(unknown), { ...problem, status: 404, vary: fresh.vary })
    }
    const { body } = await start({ type: 'simulate', input: { steps: 1 } }, { prefer: 'wait=60' })
    await send('DELETE', body.links.self)
    const gone = await send('GET', body.links.self)
    assert.deepEqual(told(gone), { ...problem, status: 410, vary: fresh.vary })
  })

  test('an answer that a page of another origin may read says whose', async ({ assert }) => {
    for (const origin of [
      'http://localhost:5173',
      'https://app.example.com',
      'https://evil.example',
    ]) {
      for (const path of ['/tasks', '/nothing', '/', '/client.js', '/openapi.json']) {
        const { headers } = await fetch(`${base()}${path}`, { headers: { origin } })
        assert.include(headers.get('vary')?.split(', '), 'Origin', path)
      }
    }
  })
})

test.group('Limits and the end, header for header', () => {
  test('429 once as many wait as may', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '1', TASK_MAX_QUEUED: '1' })
    cleanup(() => server.dispose())
    const task = { type: 'simulate', input: { steps: 1, stepMs: 60_000 } }
    await startAt(server.url, task)
    await until(async () => {
      const running = await fetch(`${server.url}/tasks?status=processing`)
      return ((await running.json()) as { data: unknown[] }).data.length === 1
    })
    assert.equal((await startAt(server.url, task)).status, 202)
    const answer = await startAt(server.url, task)
    assert.deepEqual(told(answer), { ...problem, 'status': 429, 'retry-after': '10' })
    assert.containsSubset(await answer.json(), { code: 'queue-full', status: 429 })
  })

  test('503 while the server stops', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'watch_contract extra_types' })
    cleanup(() => server.dispose())
    // It ignores that it shall stop, which keeps the server for a while.
    await startAt(server.url, { type: 'deaf', input: { seconds: 5 } })
    await setTimeout(100)
    void server.kill('SIGTERM')
    const answer = await until(async () => {
      const refused = await startAt(server.url, { type: 'simulate' })
      return refused.status === 503 ? refused : null
    })
    assert.deepEqual(told(answer), { ...problem, 'status': 503, 'retry-after': '5' })
    assert.containsSubset(await answer.json(), { code: 'stopping', status: 503 })
    const health = await fetch(`${server.url}/health`)
    assert.deepEqual(told(health), { ...list, 'status': 503, 'retry-after': '5' })
    assert.containsSubset(await health.json(), { status: 'stopping' })
  })
})
