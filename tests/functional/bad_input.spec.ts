import { test } from '@japa/runner'
import { request } from 'node:http'
import { randomUUID } from 'node:crypto'
import { statuses } from '#engine/status'
import { CSV_ENCODINGS } from '#tasks/csv/csv_types'
import { endOf } from '#tests/helpers/waiting'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

/** Sends exactly these headers; `fetch` would not let us. */
function raw(
  path: string,
  headers: Record<string, string>
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(`${base()}${path}`, { headers }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    call.on('error', reject).end()
  })
}

function post(body: string, type = 'application/json') {
  return fetch(`${base()}/tasks`, { method: 'POST', body, headers: { 'content-type': type } })
}

test.group('Bad requests get a problem with a stable code', () => {
  test('{title}')
    .with([
      { title: 'an unknown type', body: '{"type":"nonsense"}', status: 422, code: 'unknown-type' },
      {
        title: 'a missing type',
        body: '{"input":{}}',
        status: 422,
        code: 'invalid-input',
        field: 'type',
      },
      { title: 'an empty body', body: '', status: 400, code: 'malformed-json' },
      { title: 'an empty object', body: '{}', status: 422, code: 'invalid-input', field: 'type' },
      {
        title: 'a missing input',
        body: '{"type":"import-csv"}',
        status: 422,
        code: 'invalid-input',
        field: 'input.dataset',
      },
      {
        title: 'an input that is no object',
        body: '{"type":"simulate","input":[1]}',
        status: 422,
        code: 'invalid-input',
        field: 'input',
      },
      {
        title: 'a value of the wrong type',
        body: '{"type":"simulate","input":{"steps":"many"}}',
        status: 422,
        code: 'invalid-input',
        field: 'input.steps',
      },
      ...['steps', 'stepMs', 'failAt'].flatMap((name) =>
        ['"5"', 'true'].map((value) => ({
          title: `${name} as ${value}, which only looks like a number`,
          body: `{"type":"simulate","input":{"${name}":${value}}}`,
          status: 422,
          code: 'invalid-input',
          field: `input.${name}`,
        }))
      ),
      {
        title: 'a value out of range',
        body: '{"type":"simulate","input":{"steps":1000001}}',
        status: 422,
        code: 'invalid-input',
        field: 'input.steps',
      },
      {
        title: 'an upload that did not come',
        body: '{"type":"import-csv","input":{"dataset":"x"}}',
        status: 422,
        code: 'invalid-input',
        field: 'file',
      },
      {
        title: 'a forged upload',
        body: '{"type":"import-csv","input":{"dataset":"x","file":{"key":"../../etc/passwd","name":"x","size":1,"sha256":""}}}',
        status: 422,
        code: 'invalid-input',
        field: 'file',
      },
      { title: 'malformed JSON', body: '{"type":', status: 400, code: 'malformed-json' },
      { title: 'JSON that is no object', body: '"simulate"', status: 422, code: 'invalid-input' },
      { title: 'a list instead of an object', body: '[]', status: 422, code: 'invalid-input' },
      {
        title: 'a malformed id',
        body: '{"type":"simulate","id":"42"}',
        status: 422,
        code: 'invalid-input',
        field: 'id',
      },
      {
        title: 'an id in upper case',
        body: `{"type":"simulate","id":"${randomUUID().toUpperCase()}"}`,
        status: 422,
        code: 'invalid-input',
        field: 'id',
      },
      {
        title: 'a body over the limit',
        body: `{"type":"simulate","input":{"x":"${'x'.repeat(1_100_000)}"}}`,
        status: 413,
        code: 'body-too-large',
      },
      {
        title: 'deeply nested JSON',
        body: `{"type":"simulate","input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
        status: 400,
        code: 'malformed-json',
      },
    ])
    .run(async ({ assert }, { body, status, code, field }) => {
      const answer = await post(body)
      const problem = (await answer.json()) as { code: string; errors?: { field: string }[] }
      assert.deepEqual([answer.status, problem.code], [status, code])
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.containsSubset(problem, { type: 'about:blank', status })
      if (field)
        assert.include(
          problem.errors?.map((each) => each.field),
          field
        )
    })

  test('what would be right is said of {title}')
    .with([
      {
        title: 'an id',
        body: `{"type":"simulate","id":"${randomUUID().toUpperCase()}"}`,
        detail: 'The id field must be a UUID in lower case.',
      },
      { title: 'a list', body: '[]', detail: 'The body must be an object.' },
      { title: 'no body', body: '', detail: 'The body is empty.' },
      {
        title: 'an encoding',
        body: '{"type":"import-csv","input":{"dataset":"x","encoding":"utf-16"}}',
        detail: `The encoding field must be one of ${CSV_ENCODINGS}.`,
      },
    ])
    .run(async ({ assert }, { body, detail }) => {
      const problem = (await (await post(body)).json()) as { detail: string }
      assert.include(problem.detail, detail)
    })

  test('what would be right is said of a status', async ({ client, assert }) => {
    const answer = await client.get('/tasks').qs({ status: 'x' })
    assert.equal(answer.body().detail, `The status field must be one of ${statuses}.`)
  })

  test('another content type', async ({ assert }) => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const answer = await post('type=simulate', type)
      assert.equal(answer.status, 415)
      assert.equal(((await answer.json()) as { code: string }).code, 'unsupported-media-type')
    }
  })

  test('an id that another body has taken', async ({ client, assert }) => {
    const id = randomUUID()
    await client.post('/tasks').json({ id, type: 'simulate', input: { steps: 1, stepMs: 0 } })
    const answer = await client.post('/tasks').json({ id, type: 'simulate', input: { steps: 2 } })
    answer.assertStatus(409)
    assert.equal(answer.body().code, 'id-taken')
    assert.equal((await endOf(id)).snapshot.current, 1)
  })

  test('unknown and malformed ids in an address look the same', async ({ client, assert }) => {
    for (const id of [
      randomUUID(),
      '42',
      'a'.repeat(3000),
      '%00',
      '..%2F..',
      randomUUID().toUpperCase(),
    ]) {
      for (const answer of [
        await client.get(`/tasks/${id}`),
        await client.get(`/tasks/${id}/progress`),
        await client.post(`/tasks/${id}/cancel`),
      ]) {
        answer.assertStatus(404)
        assert.equal(answer.body().code, 'task-not-found')
      }
    }
  })

  test('an address that is no URL, one that does not exist', async ({ assert }) => {
    const broken = await raw('/tasks/%E0%A4%A', {})
    assert.equal(broken.status, 400)
    assert.equal(JSON.parse(broken.body).code, 'malformed-url')
    const unknown = await raw('/nothing', {})
    assert.equal(unknown.status, 404)
    assert.equal(JSON.parse(unknown.body).code, 'route-not-found')
  })

  test('nonsense in the query of the list', async ({ client, assert }) => {
    for (const query of [
      { limit: -1 },
      { limit: 101 },
      { limit: 'many' },
      { status: 'busy' },
      { cursor: '???' },
      { cursor: 'AAAA' },
      { cursor: Buffer.from('99999999999999999999').toString('base64url') },
    ]) {
      const answer = await client.get('/tasks').qs(query)
      answer.assertStatus(422)
      assert.equal(answer.body().code, 'invalid-input')
    }
  })

  test('nonsense in Prefer and If-None-Match is passed over', async ({ client }) => {
    const task = await client
      .post('/tasks')
      .json({ type: 'simulate', input: { steps: 1, stepMs: 0 } })
    await endOf(task.body().id)
    for (const [prefer, match] of [
      ['wait=-1', '"x"'],
      ['wait=abc', '*x'],
      ['wait', ''],
      ['respond-async; wait=1e9', 'W/"999999999999999999999"'],
    ]) {
      const answer = await client
        .get(`/tasks/${task.body().id}/progress`)
        .header('Prefer', prefer)
        .header('If-None-Match', match)
      answer.assertStatus(200)
    }
  })
})

test.group('Bodies that are made to hurt', () => {
  test('deep nesting is refused, as JSON and as a part, and hurts nobody else', async ({
    assert,
    client,
  }) => {
    for (const depth of [101, 2_100, 20_000]) {
      const input = `{"steps":1,"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const json = await post(`{"type":"simulate","input":${input}}`)
      assert.include([400, 422], json.status, `depth ${depth}: ${await json.text()}`)
      const form = new FormData()
      form.append('type', 'simulate')
      form.append('input', input)
      const part = await fetch(`${base()}/tasks`, { method: 'POST', body: form })
      assert.equal(part.status, 422)
    }
    const list = await client.get('/tasks')
    list.assertStatus(200)
  })

  test('a body that is not what its Content-Encoding says', async ({ assert }) => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const answer = await fetch(`${base()}/tasks`, {
        method: 'POST',
        body: '{"type":"simulate"}',
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      })
      assert.equal(answer.status, 400)
      assert.equal(((await answer.json()) as { code: string }).code, 'malformed-body')
    }
  })
})

test.group('Who may call', () => {
  test('a foreign Host is refused, and told what to set', async ({ assert }) => {
    const answer = await raw('/tasks', { Host: 'evil.example' })
    assert.equal(answer.status, 403)
    const problem = JSON.parse(answer.body)
    assert.equal(problem.code, 'foreign-host')
    assert.include(problem.detail, 'APP_URL')
  })

  test('a foreign Origin is refused on every route, and told what to set', async ({ assert }) => {
    for (const path of [
      '/tasks',
      '/health',
      '/nothing',
      '/__transmit/events?uid=0123456789abcdef',
    ]) {
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
        const answer = await raw(path, { Origin: origin })
        assert.equal(answer.status, 403)
        const problem = JSON.parse(answer.body)
        assert.equal(problem.code, 'foreign-origin')
        assert.include(problem.detail, 'CORS_ORIGINS')
      }
    }
  })

  test('loopback of any port and CORS_ORIGINS may call, and may read our headers', async ({
    assert,
  }) => {
    for (const origin of [
      'http://localhost:5173',
      'http://127.0.0.1:8080',
      'https://app.example.com',
    ]) {
      const answer = await fetch(`${base()}/tasks`, { headers: { origin } })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('access-control-allow-origin'), origin)
      assert.include(answer.headers.get('access-control-expose-headers') ?? '', 'retry-after')
    }
  })
})
