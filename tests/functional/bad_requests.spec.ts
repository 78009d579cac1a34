import { test } from '@japa/runner'
import { once } from 'node:events'
import { connect } from 'node:net'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { readdir } from 'node:fs/promises'
import { base, filesIn, send, start } from '#tests/helpers/http'
import { until } from '#tests/helpers/waiting'
import { RawExchange } from '#tests/helpers/raw_exchange'
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

  test('a client that hangs up in a file without a name hurts nobody', async ({ assert }) => {
    const head = 'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n'
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nabc'
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
      { title: 'file', parts: [type, input('x'), file('a'), 'name="file"\r\n\r\nb'] },
    ])
    .run(async ({ assert }, { title, parts }) => {
      const answer = await multipart(parts)
      assert.equal(answer.status, 422)
      const { errors } = answer.body as unknown as { errors: { field: string }[] }
      assert.include(errors.map(({ field }) => field).join(), title)
      assert.lengthOf(await filesIn('incoming'), 0)
    })

  test('a part that is a file and should not be, or the other way round: {name}')
    .with([
      { name: 'input', part: 'name="input"; filename="blob"\r\n\r\n{}', wrong: 'must not have' },
      { name: 'file', part: 'name="file"\r\n\r\na', wrong: 'must have' },
    ])
    .run(async ({ assert }, { name, part, wrong }) => {
      const { status, body } = await multipart([type, `${part}\r\n`])
      assert.deepEqual([status, body.code], [422, 'invalid-input'])
      const message = `The part ${name} ${wrong} a file name`
      assert.deepInclude(body, { errors: [{ field: name, rule: 'file', message }] })
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

test.group('Parts that are made to hurt', (group) => {
  let server: ServerProcess
  group.setup(async () => {
    server = await ServerProcess.start()
    return () => server.dispose()
  })

  /** Sends the parts once the server reads, and gives the answer, which comes before their end. */
  async function answerTo(parts: string, length: number) {
    const exchange = await RawExchange.open(Number(new URL(server.url).port))
    exchange.socket.write(
      `POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n` +
        'Content-Type: multipart/form-data; boundary=x\r\nConnection: close\r\n' +
        'Expect: 100-continue\r\n\r\n'
    )
    await once(exchange.socket, 'data')
    exchange.socket.write(parts)
    await exchange.ended()
    return exchange
  }
  const part = '--x\r\nContent-Disposition: form-data;'

  test('a name that makes a path, of {title}')
    .with(
      ['', '; filename="x"'].flatMap((more) => [
        { title: `a long list${more}`, name: 'x[999999999]', more },
        { title: `a deep object${more}`, name: `x${'[a]'.repeat(5000)}`, more },
        { title: `a known field${more}`, name: 'input[999999999]', more },
        { title: `a list of files${more}`, name: 'file[]', more },
      ])
    )
    .run(async ({ assert }, { name, more }) => {
      const body = `${part} name="${name}"${more}\r\n\r\nx\r\n--x--\r\n`
      const answer = await answerTo(body, body.length)
      assert.deepEqual([answer.status, answer.body.code], [422, 'invalid-input'])
      const field = name.slice(0, 100)
      const message = `The field ${field} is not known`
      assert.deepInclude(answer.body, { errors: [{ field, rule: 'unknown', message }] })
      assert.equal((await fetch(`${server.url}/health`)).status, 200)
    })

  test('headers without an end: {title}')
    .with([
      { title: 'a value', headers: 'x: '.padEnd(20_000, 'x') },
      { title: 'a name', headers: 'x'.repeat(20_000) },
      { title: 'many', headers: 'x: 12345678\r\n'.repeat(2000) },
    ])
    .run(async ({ assert }, { headers }) => {
      const answer = await answerTo(`${part} name="type"\r\n${headers}`, 2 ** 30)
      assert.deepEqual([answer.status, answer.body.code], [400, 'malformed-multipart'])
    })

  test('a file name whose encoding is broken', async ({ assert }) => {
    const body = `${part} name="file"; filename*=utf-8''%E0%A4%A\r\n\r\nx\r\n--x--\r\n`
    const answer = await answerTo(body, body.length)
    assert.deepEqual([answer.status, answer.body.code], [400, 'malformed-multipart'])
    assert.equal((await fetch(`${server.url}/health`)).status, 200)
  })
})

/** `POST /tasks` of bytes that say they are JSON. */
function json(body: string | Buffer, contentType = 'application/json') {
  const headers = { 'content-type': contentType }
  return send('POST', '/tasks', { headers, body: body as string })
}

test.group('JSON that could mean more than one thing', () => {
  test('a key that comes twice in one object: {body}')
    .with([
      { body: '{"type":"simulate","type":"import-csv"}', key: 'type' },
      { body: '{"type":"simulate","input":{"steps":1,"steps":2}}', key: 'steps' },
      { body: '{"type":"simulate","input":{"steps":1,"st\\u0065ps":2}}', key: 'steps' },
      { body: '{"type":"simulate","input":{"a":{},"a" : []}}', key: 'a' },
      { body: '{"a\\"":1,"b":"a\\"","a\\"":2}', key: 'a\\\\"' },
    ])
    .run(async ({ assert }, { body, key }) => {
      const answer = await json(body)
      assert.deepEqual([answer.status, answer.body.code], [400, 'duplicate-key'])
      assert.include(answer.body.detail, `"${key.replaceAll('\\\\', '\\')}"`)
    })

  test('a key that comes twice in the part input', async ({ assert }) => {
    const part = 'name="input"\r\n\r\n{"dataset":"x","dataset":"y"}'
    const answer = await multipart([type, part, file('a.csv')])
    assert.deepEqual([answer.status, answer.body.code], [400, 'duplicate-key'])
    assert.lengthOf(await filesIn('incoming'), 0)
  })

  test('the key __proto__, which the parser drops', async ({ assert }) => {
    for (const body of [
      '{"type":"simulate","__proto__":{"input":{}}}',
      '{"type":"simulate","input":{"\\u005f_proto__":1}}',
    ]) {
      const answer = await json(body)
      assert.deepEqual([answer.status, answer.body.code], [422, 'invalid-input'])
      assert.include(answer.body.detail, 'The field __proto__ is not known')
    }
  })

  test('the same key in two objects is none of that', async ({ assert }) => {
    const steps = '{"steps":1,"stepMs":0}'
    const twice = JSON.stringify('{"type":"type","type":1}')
    const part = await json(`{"type":"simulate","input":${steps}}`)
    assert.equal(part.status, 202)
    const text = await json(
      `{"type":${twice},"input":{"type":${twice}, "input":[{"a":1},{"a":1}]}}`
    )
    assert.deepEqual([text.status, text.body.code], [422, 'unknown-type'])
  })

  test('bytes that are no UTF-8: {$self}')
    .with(['ff', 'c3', 'c080', 'eda080', 'f09f92', 'f5808080', 'e9'])
    .run(async ({ assert }, hex) => {
      const before = '{"type":"simulate","input":{"steps":1},"id":"'
      const answer = await json(
        Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from('"}')])
      )
      assert.deepEqual([answer.status, answer.body.code], [400, 'malformed-json'])
      assert.include(answer.body.detail, 'UTF-8')
    })

  test('U+FFFD itself, a BOM and charset=utf-8 are read', async ({ assert }) => {
    const text = '{"type":"simulate","input":{"steps":"\ufffd"}}'
    assert.equal((await json(text)).status, 422)
    const bom = '\ufeff{"type":"simulate","input":{"steps":1,"stepMs":0}}'
    assert.equal((await json(bom, 'application/json; charset="UTF-8"')).status, 202)
  })

  test('another charset: {$self}')
    .with(['iso-8859-1', 'utf-16', '"x"', 'utf-7'])
    .run(async ({ assert }, charset) => {
      const body = Buffer.from('{"type":"simulate"}', charset === 'utf-16' ? 'utf16le' : 'utf8')
      const answer = await json(body, `application/json; charset=${charset}`)
      assert.deepEqual([answer.status, answer.body.code], [415, 'unsupported-media-type'])
    })
})

test.group('Fields that nobody knows', () => {
  const simulate = { type: 'simulate', input: { steps: 1, stepMs: 0 } }

  test('{title}')
    .with([
      { title: 'at the top', body: { ...simulate, idd: 'x' }, field: 'idd' },
      {
        title: 'in the input',
        body: { type: 'simulate', input: { stepz: 1 } },
        field: 'input.stepz',
      },
      { title: 'a file beside it', body: { ...simulate, file: 'x' }, field: 'file' },
      { title: 'of an object', body: { ...simulate, constructor: 1 }, field: 'constructor' },
    ])
    .run(async ({ assert }, { body, field }) => {
      const answer = await start(body)
      assert.deepEqual([answer.status, answer.body.code], [422, 'invalid-input'])
      const { errors } = answer.body as unknown as { errors: object[] }
      const message = `The field ${field} is not known`
      assert.deepEqual(errors, [{ field, rule: 'unknown', message }])
    })

  test('a part that nobody knows', async ({ assert }) => {
    const parts = [type, input('x'), file('a.csv')]
    for (const [field, more] of [
      ['dataset', [...parts, 'name="dataset"\r\n\r\nx']],
      ['input.file', [type, 'name="input"\r\n\r\n{"dataset":"x","file":1}', file('a.csv')]],
      ['upload', [...parts, 'name="upload"; filename="b"\r\n\r\nx\r\n']],
    ] as [string, string[]][]) {
      const answer = await multipart(more)
      assert.equal(answer.status, 422, answer.text)
      const { errors } = answer.body as unknown as { errors: object[] }
      assert.containsSubset(errors, [{ field, rule: 'unknown' }])
      assert.lengthOf(await filesIn('incoming'), 0)
    }
  })

  test('a thousand of them are told of in part', async ({ assert }) => {
    const names = Array.from({ length: 1000 }, (_, at) => [`x${at}`, 1])
    const answer = await start({ type: 'simulate', input: Object.fromEntries(names) })
    const { errors } = answer.body as unknown as { errors: object[] }
    assert.deepEqual([answer.status, errors.length], [422, 20])
  })
})

test.group('File names', () => {
  test('{title} is refused, and the field named')
    .with([
      { title: 'a path upwards', name: '../../../../etc/passwd' },
      { title: 'an absolute path', name: '/etc/passwd' },
      { title: 'a folder', name: 'a/b.csv' },
      { title: 'this folder', name: '.' },
      { title: 'the folder above', name: '..' },
      { title: 'NUL', name: 'a\0.csv' },
      { title: 'BEL', name: 'a\u0007.csv' },
      { title: 'a terminal sequence', name: 'a\u001b[31m.csv' },
      { title: 'NEL', name: 'a\u0085.csv' },
      { title: 'a right-to-left override', name: 'people\u202eexe.vsc' },
      { title: 'an isolate', name: 'a\u2066b.csv' },
      { title: 'a right-to-left mark', name: 'a\u200f.csv' },
      { title: 'a name of 256 characters', name: 'x'.repeat(256) },
      { title: 'a name of 10,000 characters', name: 'x'.repeat(10_000) },
    ])
    .run(async ({ assert }, { name }) => {
      const answer = await multipart([type, input('names'), file(name)])
      assert.deepEqual([answer.status, answer.body.code], [422, 'invalid-input'], answer.text)
      const { errors } = answer.body as unknown as { errors: { field: string; rule: string }[] }
      assert.containsSubset(errors, [{ field: 'file', rule: 'name' }])
      assert.match(answer.body.detail, /^The (name of the )?file /)
      assert.lengthOf(await filesIn('incoming'), 0)
    })

  test('{name} is the name {shown}')
    .with([
      // Browsers of old sent the whole path: the parser leaves the name.
      { name: '..\\..\\boot.ini', shown: 'boot.ini' },
      { name: 'C:\\x.csv', shown: 'x.csv' },
      { name: 'a%2f..%2fb', shown: 'a%2f..%2fb' },
      { name: 'Größe 🦊.csv', shown: 'Größe 🦊.csv' },
      { name: 'x'.repeat(255), shown: 'x'.repeat(255) },
      { name: "'; drop table tasks; --", shown: "'; drop table tasks; --" },
      { name: '<script>.csv', shown: '<script>.csv' },
    ])
    .run(async ({ assert }, { name, shown }) => {
      const answer = await multipart([type, input('names'), file(name)])
      assert.equal(answer.status, 202, answer.text)
      const { id, input: told } = answer.body as unknown as { id: string; input: object }
      assert.containsSubset(told, { file: { name: shown } })
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
