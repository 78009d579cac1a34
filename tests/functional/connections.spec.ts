import { test } from '@japa/runner'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { connect, type AddressInfo } from 'node:net'
import app from '@adonisjs/core/services/app'
import { busy, endOf, until } from '#tests/helpers/waiting'
import { base, start } from '#tests/helpers/http'
import { RawExchange } from '#tests/helpers/raw_exchange'
import { ServerProcess } from '#tests/helpers/server_process'
import { Turns } from '../../bin/turns.js'
import { HttpServer, type HttpServerOptions } from '../../bin/http_server.js'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
const post = (more: string) =>
  `POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n`

/** A problem that says `Connection: close`, and keeps to it. */
function assertProblem(exchange: RawExchange, status: number, code: string): void {
  const { body, text } = exchange
  const told = [exchange.status, body.code, exchange.header('connection')]
  if (JSON.stringify(told) !== JSON.stringify([status, code, 'close'])) throw new Error(text)
  if (exchange.header('content-type') !== 'application/problem+json') throw new Error(text)
  if (exchange.header('cache-control') !== 'no-store') throw new Error(text)
}

/** The application behind a server of its own. Gives its port. */
async function serve(options: HttpServerOptions, cleanup: (end: () => void) => void) {
  const application = await app.container.make('server')
  const server = new HttpServer(application.handle.bind(application), options)
  cleanup(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test.group('What is no request is answered with a problem, too', () => {
  test('{title}')
    .with([
      { title: 'no HTTP', bytes: 'nonsense\r\n\r\n', status: 400, code: 'bad-request' },
      { title: 'TLS', bytes: '\u0016\u0003\u0001\u0002\u0000', status: 400, code: 'bad-request' },
      {
        title: 'a header that is none',
        bytes: get('/tasks', 'no header\r\n'),
        status: 400,
        code: 'bad-request',
      },
      {
        title: 'two lengths',
        bytes: post('Content-Length: 2\r\nContent-Length: 3\r\n'),
        status: 400,
        code: 'bad-request',
      },
      {
        title: 'a body that is not chunked as it says',
        bytes: post('Transfer-Encoding: chunked\r\n') + 'zzz\r\n',
        status: 400,
        code: 'bad-request',
      },
      {
        title: 'headers of 10 MB',
        bytes: get('/tasks', `X: ${'x'.repeat(10_000_000)}\r\n`),
        status: 431,
        code: 'headers-too-large',
      },
      {
        title: 'an expectation',
        bytes: get('/tasks', 'Expect: the-best\r\n'),
        status: 417,
        code: 'expectation-failed',
      },
    ])
    .run(async (_context, { bytes, status, code }) => {
      assertProblem(await RawExchange.once(bytes), status, code)
    })

  test('no Host', async ({ assert }) => {
    for (const line of ['GET /tasks HTTP/1.1\r\n', 'GET /tasks HTTP/1.1\r\nHost:\r\n']) {
      const { status, body } = await RawExchange.once(`${line}Connection: close\r\n\r\n`)
      assert.include([400, 403], status)
      assert.include(['missing-host', 'foreign-host'], body.code)
    }
  })

  test('headers that do not come to their end', async ({ cleanup }) => {
    const options = { headersTimeout: 100, connectionsCheckingInterval: 20 }
    const port = await serve(options, cleanup)
    assertProblem(await RawExchange.once('GET / HTTP/1.1\r\nX: ', port), 408, 'request-timeout')
  })

  test('a JSON body that stands still', async ({ cleanup, assert }) => {
    const port = await serve({ idle: 100 }, cleanup)
    const half = post('Content-Length: 100\r\n') + '{"type":'
    assertProblem(await RawExchange.once(half, port), 408, 'request-timeout')

    // A slow one is not cut.
    const exchange = await RawExchange.open(port)
    const body = '{"type":"none"}'
    exchange.socket.write(post(`Connection: close\r\nContent-Length: ${body.length}\r\n`))
    for (const character of body) {
      exchange.socket.write(character)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await exchange.ended()
    assert.deepEqual([exchange.status, exchange.body.code], [422, 'unknown-type'])
  })

  test('behind an answer that is whole, on the same connection', async ({ assert }) => {
    const exchange = await RawExchange.open()
    exchange.socket.write(get('/health'))
    await until(() => exchange.text.endsWith('}'))
    exchange.socket.write('nonsense\r\n\r\n')
    await exchange.ended()
    assert.deepEqual([exchange.status, exchange.body.code], [400, 'bad-request'])
  })
})

test.group('A connection that owes an answer', () => {
  const nonsense = 'nonsense\r\n\r\n'

  test('is cut where a stream has begun: nothing is written into it', async ({ assert }) => {
    const { body } = await start({ type: 'simulate', input: { steps: 1, stepMs: 60_000 } })
    const exchange = await RawExchange.open()
    exchange.socket.write(get(`/tasks/${body.id}/events`))
    await until(() => exchange.text.includes('"processing"'))
    exchange.socket.write(nonsense)
    await exchange.closed
    assert.notInclude(exchange.text, 'bad-request')
    assert.lengthOf(exchange.text.match(/HTTP\/1\.1/g) ?? [], 1)
    await fetch(`${base()}${body.links.cancel}`, { method: 'POST' })
    await endOf(body.id)
  })

  test('is cut where another request waits for its own', async ({ assert }) => {
    const { body } = await start({ type: 'simulate', input: { steps: 1, stepMs: 60_000 } })
    const exchange = await RawExchange.open()
    exchange.socket.write(get(`/tasks/${body.id}/progress`, 'Prefer: wait=60\r\n') + nonsense)
    await exchange.closed
    assert.equal(exchange.text, '')
    await fetch(`${base()}${body.links.cancel}`, { method: 'POST' })
    await endOf(body.id)
  })
})

test.group('What comes broken in the packet of a request', () => {
  test('is no failure of that request: nothing is logged', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const port = Number(new URL(server.url).port)
    const body = '{"type":"simulate"}'
    const chunked = 'Transfer-Encoding: chunked\r\n'
    for (const request of [
      get('/tasks/5b0cdfb8-1f0e-4c8e-9d0c-0e6d54a3a001/events', chunked) + 'zz\r\n',
      get('/__transmit/events?uid=0123456789abcdef', chunked) + 'zz\r\n',
      get('/__transmit/events?uid=0123456789abcdef') + 'nonsense\r\n\r\n',
      post(chunked) + 'zz\r\n',
      post(`Content-Length: ${body.length}\r\n`) + body + 'nonsense\r\n\r\n',
    ]) {
      const exchange = await RawExchange.open(port)
      exchange.socket.write(request)
      await exchange.closed
      if (request.includes('zz')) assertProblem(exchange, 400, 'bad-request')
    }
    await server.kill()
    assert.notInclude(server.output, 'a request failed')
  })
})

test.group('The target as a whole URL', () => {
  test('is that path at that host, whatever Host says', async ({ assert }) => {
    const ask = async (target: string, host = 'localhost') => {
      const lines = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
      const exchange = await RawExchange.once(lines)
      return [exchange.status, exchange.header('content-type')]
    }
    const json = 'application/json; charset=utf-8'
    const problem = 'application/problem+json'
    assert.deepEqual(await ask(`${base()}/health?x=/y`), [200, json])
    assert.deepEqual(await ask('HTTP://LOCALHOST:1/task-types', 'evil.example'), [200, json])
    assert.deepEqual(await ask('http://localhost', 'localhost'), [200, 'text/html; charset=utf-8'])
    assert.deepEqual(await ask('http://localhost?x', ''), [200, 'text/html; charset=utf-8'])
    assert.deepEqual(await ask('http://evil.example/health'), [403, problem])
    assert.deepEqual(await ask('http:///health'), [400, problem])
    assert.deepEqual(await ask('ftp://localhost/health'), [404, problem])
  })
})

test.group('The answer to a body that is refused arrives', () => {
  const large = Buffer.alloc(10_000_000, '[')
  const all20 = Array.from({ length: 20 }, () => 413)
  const jsonHead = 'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

  test('20 times of 20 at a client that writes first and reads then: {title}')
    .with([
      { title: 'a length', head: `${jsonHead}Content-Length: ${large.length}\r\n\r\n`, end: '' },
      {
        title: 'chunks',
        head: `${jsonHead}Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n`,
        end: '\r\n0\r\n\r\n',
      },
    ])
    .run(async ({ assert }, { head, end }) => {
      const told = await tell20(Buffer.concat([Buffer.from(head), large, Buffer.from(end)]))
      assert.deepEqual(told, all20)
    })

  test('20 times of 20, for an upload over the limit', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ MAX_UPLOAD: '1mb' })
    cleanup(() => server.dispose())
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    const body = Buffer.concat([Buffer.from(part), large, Buffer.from('\r\n--x--\r\n')])
    const head =
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n' +
      `Content-Length: ${body.length}\r\n\r\n`
    const bytes = Buffer.concat([Buffer.from(head), body])
    assert.deepEqual(await tell20(bytes, Number(new URL(server.url).port)), all20)
  })

  test('what comes behind it is not done', async ({ assert }) => {
    const before = await tasks()
    const body = '{"type":"simulate","input":{"steps":1,"stepMs":0}}'
    const next = `${jsonHead}Content-Length: ${body.length}\r\n\r\n${body}`
    const head = `${jsonHead}Content-Length: ${large.length}\r\n\r\n`
    const exchange = await RawExchange.once(
      Buffer.concat([Buffer.from(head), large, Buffer.from(next)])
    )
    assert.lengthOf(exchange.text.match(/HTTP\/1\.1/g) ?? [], 1)
    assert.equal(await tasks(), before)
  })

  test('a client that sends on for ever is cut', async ({ assert }) => {
    const exchange = await RawExchange.open(undefined, true)
    exchange.socket.write(`${jsonHead}Content-Length: ${10 ** 12}\r\n\r\n`)
    let sent = 0
    while (!exchange.socket.destroyed) {
      sent += large.length
      const written = new Promise((resolve) => exchange.socket.write(large, resolve))
      await Promise.race([written, exchange.closed])
    }
    assert.equal(exchange.status, 413)
    assert.isAbove(sent, 2 ** 26)
    assert.isBelow(sent, 2 ** 31)
  })

  /** The newest one. */
  async function tasks(): Promise<string> {
    return (await fetch(`${base()}/tasks?limit=1`)).text()
  }

  /** What a client hears, 20 times, that writes all of a request before it reads. */
  async function tell20(bytes: Buffer, port?: number): Promise<number[]> {
    const statuses: number[] = []
    for (let time = 0; time < 20; time++) {
      const exchange = await RawExchange.open(port)
      exchange.socket.pause()
      const written = new Promise((resolve) => exchange.socket.write(bytes, resolve))
      await Promise.race([written, exchange.closed])
      exchange.socket.resume()
      await exchange.ended()
      statuses.push(exchange.status)
    }
    return statuses
  }
})

test.group('A rush of requests', () => {
  test('leaves every turn of the event loop to others too, and keeps its order', async ({
    assert,
    cleanup,
  }) => {
    const COUNT = 40
    const turns: number[] = []
    const begun: (string | undefined)[] = []
    let turn = 0
    const server = new HttpServer((request, response) => {
      turns.push(turn)
      // One that goes away while it waits is not begun.
      if (begun.push(request.url) === 2) sockets.at(-1)?.destroy()
      busy(5)
      response.end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const counting = setInterval(() => turn++, 0)
    cleanup(() => {
      clearInterval(counting)
      server.close()
    })

    const sockets = Array.from({ length: COUNT }, () => connect(port, '127.0.0.1').resume())
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await until(() => getConnections(server).then((count) => count === COUNT))
    sockets.forEach((socket, at) => socket.write(get(`/${at}`)))
    // All of them are there when the server looks.
    busy(100)
    await until(() => begun.length >= COUNT - 1)
    sockets.forEach((socket) => socket.destroy())
    await until(() => getConnections(server).then((count) => count === 0))

    assert.deepEqual(
      begun,
      Array.from({ length: COUNT - 1 }, (_, at) => `/${at}`)
    )
    const together = Math.max(...turns.map((one) => turns.filter((other) => other === one).length))
    assert.isAtMost(together, 5)
  })

  test('answers all on a connection, also before one that is refused', async ({
    assert,
    cleanup,
  }) => {
    const server = new HttpServer((request, response) => {
      // The first uses its turn up: the second has to wait.
      if (request.url === '/0') busy(20)
      response.end(request.url)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    cleanup(() => {
      socket.destroy()
      server.close()
    })
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    const refused = 'POST /2 HTTP/1.1\r\nHost: a\r\nExpect: much\r\nContent-Length: 1\r\n\r\n'
    socket.write(get('/0') + get('/1') + refused)
    await until(() => text.includes('HTTP/1.1 417'))
    assert.match(text, /200 OK.*\/0.*200 OK.*\/1.*417/s)
  })

  test('waits with one request of a connection: another has its turn before many of one', async ({
    assert,
  }) => {
    const turns = new Turns()
    const [one, other] = [new PassThrough(), new PassThrough()]
    const begun: string[] = []
    turns.take(one, () => busy(20))
    for (let at = 0; at < 4; at++) turns.take(one, () => begun.push(`one ${at}`))
    turns.take(other, () => begun.push('other'))
    turns.take(one, () => begun.push('one 4'))
    assert.deepEqual(begun, ['one 0', 'one 1', 'one 2', 'one 3'])
    await until(() => begun.length === 6)
    assert.deepEqual(begun.slice(4), ['other', 'one 4'])
  })
})

function getConnections(server: HttpServer): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
}
