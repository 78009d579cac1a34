import { test } from '@japa/runner'
import { once } from 'node:events'
import { connect } from 'node:net'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { readdir } from 'node:fs/promises'
import { base, filesIn, send, start } from '#tests/helpers/http'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'

const problem = 'application/problem+json'

/** `POST /tasks` of parts written by hand. */
function multipart(parts: string[], end = '--x--\r\n') {
  const body = parts.map((part) => `--x\r\nContent-Disposition: form-data; ${part}\r\n`).join('')
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  return send('POST', '/tasks', { headers, body: body + end })
}

const type = 'name="type"\r\n\r\nimport-csv'
const input = (dataset: string) => `name="input"\r\n\r\n{"dataset":"${dataset}"}`
const file = (name: string) => `name="file"; filename="${name}"\r\n\r\na\n1\n`

test.group('Bodies that are no request', () => {
  test('a multipart body that is broken: {title}')
    .with([
      { title: 'cut in the middle of a part', parts: [type, file('a.csv')], end: '' },
      { title: 'without an end', parts: [type], end: '--x\r\n' },
      { title: 'a part without a name', parts: ['filename="a"\r\n\r\nx'], end: '' },
      { title: 'a file that nobody asked for', parts: ['name="x"; filename="x"\r\n\r\n'], end: '' },
      {
        title: 'a file without a name',
        parts: [type, 'name="file"; filename=""\r\n\r\n'],
        end: '',
      },
      { title: 'a part without an empty line', parts: ['name="type"\r\nimport'], end: '' },
    ])
    .run(async ({ assert }, { parts, end }) => {
      const before = (await filesIn('uploads')).length
      const answer = await multipart(parts, end)
      assert.include([400, 422], answer.status)
      assert.include(['malformed-multipart', 'invalid-input'], answer.body.code)
      assert.equal(answer.headers.get('content-type'), problem)
      assert.lengthOf(await filesIn('uploads'), before)
      assert.lengthOf(await filesIn('incoming'), 0)
    })

  test('a client that hangs up in a part that nobody asked for hurts nobody', async ({
    assert,
  }) => {
    const head = 'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n'
    const part = '--x\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\nabc'
    const socket = connect(Number(process.env.PORT), process.env.HOST)
    socket.on('error', () => {})
    socket.write(
      `${head}Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\n\r\n`
    )
    // "100 Continue": the server reads.
    await once(socket, 'data')
    await new Promise((resolve) => socket.write(part, resolve))
    socket.destroy()
    await once(socket, 'close')
    assert.equal((await send('GET', '/tasks')).status, 200)
  })

  test('a client that hangs up in its file is no failure of ours, and not logged as one', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const incoming = `${server.folder}/storage/incoming`
    const arriving = async () =>
      (await readdir(incoming, { recursive: true, withFileTypes: true })).some((e) => e.isFile())

    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n' +
        `Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n` +
        `Content-Disposition: form-data; ${file('a.csv')}`
    )
    await until(arriving)
    socket.destroy()
    await until(async () => !(await arriving()))
    assert.equal((await fetch(`${server.url}/tasks`)).status, 200)
    await server.kill()
    assert.notMatch(server.output, /"level":[456]0/)
  })

  test('a field that comes twice: {title}')
    .with([
      { title: 'type', parts: [type, type, input('x')] },
      { title: 'input', parts: [type, input('x'), input('y')] },
      { title: 'id', parts: [type, ...['name="id"\r\n\r\n1', 'name="id"\r\n\r\n2'], input('x')] },
      { title: 'file', parts: [type, input('x'), file('a'), file('b')] },
    ])
    .run(async ({ assert }, { title, parts }) => {
      const answer = await multipart(parts)
      assert.equal(answer.status, 422)
      const { errors } = answer.body as unknown as { errors: { field: string }[] }
      assert.include(errors.map(({ field }) => field).join(), title)
      assert.lengthOf(await filesIn('incoming'), 0)
    })

  test('10 MB of nested JSON, said and unsaid', async ({ assert }) => {
    const nested = '['.repeat(5_000_000) + ']'.repeat(5_000_000)
    const text = `{"type":"simulate","input":${nested}}`
    const headers = { 'content-type': 'application/json' }
    const said = await send('POST', '/tasks', { headers, body: text })
    const unsaid = await fetch(`${base()}/tasks`, {
      method: 'POST',
      headers,
      body: Readable.toWeb(Readable.from(Buffer.from(text))) as ReadableStream,
      duplex: 'half',
    })
    assert.deepEqual([said.status, said.body.code], [413, 'body-too-large'])
    assert.equal(unsaid.status, 413)
    assert.containsSubset(await unsaid.json(), { code: 'body-too-large' })
    assert.equal((await send('GET', '/tasks')).status, 200)
  })

  test('a content type that is no type: {$self}')
    .with([
      'text/csv',
      'application/octet-stream',
      'application/xml',
      'nonsense',
      'multipart/mixed',
    ])
    .run(async ({ assert }, contentType) => {
      const headers = { 'content-type': contentType }
      const answer = await send('POST', '/tasks', { headers, body: '{"type":"simulate"}' })
      assert.deepEqual([answer.status, answer.body.code], [415, 'unsupported-media-type'])
    })
})

test.group('File names', () => {
  test('{$self} is a name and no path')
    .with([
      '../../../../etc/passwd',
      '..\\\\..\\\\boot.ini',
      '/etc/passwd',
      'C:\\\\x.csv',
      'a%2f..%2fb',
      '.',
      '..',
      'x'.repeat(5000),
      "'; drop table tasks; --",
      '<script>.csv',
    ])
    .run(async ({ assert }, name) => {
      const answer = await multipart([type, input('names'), file(name)])
      assert.equal(answer.status, 202)
      const { id } = answer.body
      const kept = (await filesIn('uploads')).filter((each) => each.startsWith(id))
      assert.lengthOf(kept, 1)
      assert.match(kept[0], /^[0-9a-f-]{110}$/)
    })
})

test.group('Queries of the list', () => {
  test('?{$self} is refused, and its field named')
    .with([
      'limit=-1',
      'limit=0',
      'limit=1.5',
      'limit=1e1000',
      'limit=1&limit=2',
      'limit[x]=1',
      'status=queued&status=failed',
      'status[]=queued',
      'type[]=simulate',
      'cursor=',
      'cursor=%00',
      'cursor=MQ&cursor=MQ',
      `cursor=${Buffer.from('-1').toString('base64url')}`,
      `cursor=${Buffer.from('0').toString('base64url')}`,
      `cursor=${Buffer.from('1.0').toString('base64url')}`,
      `cursor=${Buffer.from("1' or 1=1").toString('base64url')}`,
      `cursor=${Buffer.from('9'.repeat(17)).toString('base64url')}`,
    ])
    .run(async ({ assert }, query) => {
      const { status, body } = await send('GET', `/tasks?${query}`)
      assert.deepEqual([status, body.code], [422, 'invalid-input'], JSON.stringify(body))
      const { errors } = body as unknown as { errors: { field: string }[] }
      assert.equal(errors[0].field.split('.')[0], /^\w+/.exec(query)?.[0])
    })

  test('a cursor behind the last task leads to an empty page', async ({ assert }) => {
    const { body } = await send('GET', `/tasks?cursor=${Buffer.from('1').toString('base64url')}`)
    assert.deepEqual(body as unknown, { data: [], meta: { limit: 20, nextCursor: null } })
  })

  test('a cursor of a task that is gone still leads on', async ({ assert }) => {
    const ids: string[] = []
    for (let made = 0; made < 3; made++) {
      const answer = await start({ type: 'simulate', input: { steps: 1 } }, { prefer: 'wait=60' })
      ids.push(answer.body.id)
    }
    type Page = { data: { id: string }[]; meta: { nextCursor: string } }
    const page = async (query: string) =>
      (await send('GET', `/tasks?type=simulate&limit=1${query}`)).body as unknown as Page
    const first = await page('')
    assert.equal(first.data[0].id, ids[2])
    assert.equal((await send('DELETE', `/tasks/${ids[2]}`)).status, 204)
    const next = await page(`&cursor=${first.meta.nextCursor}`)
    assert.equal(next.data[0].id, ids[1])
  })
})

test.group('Headers', () => {
  test('nonsense in conditions and preferences is passed over', async ({ assert }) => {
    const { body } = await start({ type: 'simulate', input: { steps: 1 } }, { prefer: 'wait=60' })
    for (const headers of [
      { 'if-none-match': 'x'.repeat(8000) },
      { 'if-none-match': '"' },
      { 'if-none-match': ',,,' },
      { prefer: '"'.repeat(8000) },
      { prefer: '\\"'.repeat(4000) },
      { 'last-event-id': '-1' },
      { accept: ';;q=' },
    ] as Record<string, string>[]) {
      const answer = await send('GET', `/tasks/${body.id}/progress`, { headers })
      assert.equal(answer.status, 200, JSON.stringify(headers).slice(0, 50))
    }
    const unknown = await send('GET', `/tasks/${randomUUID()}`, { headers: { prefer: 'wait=9' } })
    assert.equal(unknown.status, 404)
  })
})
