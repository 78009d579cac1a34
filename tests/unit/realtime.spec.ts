import { test } from '@japa/runner'
import { Cut } from '#engine/cut'
import { once } from 'node:events'
import { Outbox } from '#realtime/outbox'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { until } from '#tests/helpers/waiting'
import type { News } from '#realtime/news'
import { Encoding } from '#realtime/encoding'
import { EventStream } from '#realtime/event_stream'
import { AntiEntropy } from '#realtime/anti_entropy'
import { lineEncoding } from '#realtime/line_encoding'
import { eventEncoding } from '#realtime/event_encoding'
import { transmitEncoding } from '#realtime/transmit_encoding'
import type { TaskState } from '#engine/task_state'
import { createServer, type ServerResponse } from 'node:http'
import { StickySubscriptions } from '#realtime/sticky_subscriptions'

function cutOf(changes: Partial<TaskState> & { id: string }): Cut {
  return new Cut({ owner: 'local', status: 'processing', version: 1, ...changes } as TaskState)
}

/** A response whose head is out, and the socket of its reader. */
async function answering(cleanup: (handler: () => void) => void) {
  const server = createServer().listen(0, '127.0.0.1')
  cleanup(() => void server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  cleanup(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  response.writeHead(200)
  response.flushHeaders()
  return { socket, response }
}

test.group('A stream on which nothing is said', () => {
  for (const [name, encoding, word] of [
    ['of one task', eventEncoding, ':\n\n'],
    ['of Transmit', transmitEncoding, transmitEncoding.keepAlive],
    ['that draws a line', lineEncoding, '\r'],
  ] as const) {
    test(`is kept alive after 15 s, and not before: one ${name}`, async ({ assert, cleanup }) => {
      const { socket, response } = await answering(cleanup)
      let text = ''
      socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      const stream = new EventStream(response, { owner: 'local', encoding, outbox: new Outbox() })
      const from = performance.now()
      stream.tend(from + 14_000)
      stream.tend(from + 15_001)
      stream.end()
      await once(socket, 'close')
      const [, body] = text.split('\r\n\r\n')
      assert.isTrue(body.startsWith(word))
      assert.isFalse(body.startsWith(word + word))
    })
  }
})

test.group('A stream whose reader takes nothing', () => {
  test('holds no more than it must, and is cut after 30 s', async ({ assert, cleanup }) => {
    const { socket, response } = await answering(cleanup)
    socket.pause()

    const outbox = new Outbox()
    const stream = new EventStream(response, {
      owner: 'local',
      encoding: transmitEncoding,
      outbox,
    })
    let writes = 0
    const connection = response.socket as Socket
    const write = connection.write.bind(connection) as (chunk: Buffer) => boolean
    connection.write = ((chunk: Buffer) => (writes++, write(chunk))) as typeof connection.write
    let version = 0
    const send = () =>
      stream.send('a', cutOf({ id: 'a', version: ++version, message: 'x'.repeat(500) }))

    for (let sent = 0; sent < 10; sent++) send()
    await until(() => writes > 0)
    assert.equal(writes, 1)
    await until(() => {
      for (let sent = 0; sent < 100; sent++) send()
      return stream.isFull
    })
    const before = writes
    for (let sent = 0; sent < 1000; sent++) send()
    await until(() => true)
    assert.isAtMost(writes - before, 1)

    stream.tend(performance.now())
    assert.isTrue(stream.isOpen)
    stream.tend(performance.now() + 30_001)
    assert.isFalse(stream.isOpen)
  })

  test('is cut after 30 s when it has ended, too: it would keep its place for good', async ({
    assert,
    cleanup,
  }) => {
    const { socket, response } = await answering(cleanup)
    socket.pause()
    const stream = new EventStream(response, {
      owner: 'local',
      encoding: eventEncoding,
      outbox: new Outbox(),
    })
    let version = 0
    await until(() => {
      stream.send('a', cutOf({ id: 'a', version: ++version, message: 'x'.repeat(50_000) }))
      return stream.isFull
    })
    stream.end()
    assert.isFalse(stream.isOpen)
    stream.tend(performance.now() + 29_000)
    assert.isFalse(response.destroyed)
    stream.tend(performance.now() + 30_001)
    assert.isTrue(response.destroyed)
  })
})

test.group('A stream whose reader takes nothing for a while', () => {
  test('tells the newest of each task, and nothing older, as soon as it is read again', async ({
    assert,
    cleanup,
  }) => {
    const { socket, response } = await answering(cleanup)
    socket.pause()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    const outbox = new Outbox()
    const stream = new EventStream(response, {
      owner: 'local',
      encoding: transmitEncoding,
      outbox,
    })
    const send = (id: string, version: number, message: string) =>
      stream.send(id, cutOf({ id, version, message }))
    let version = 0
    await until(() => {
      for (let sent = 0; sent < 100; sent++) send('a', ++version, 'x'.repeat(500))
      return stream.isFull
    })
    for (const [at, message] of ['first', 'second', 'newest'].entries()) {
      send('a', version + 1 + at, `a ${message}`)
      send('b', 1 + at, `b ${message}`)
    }
    socket.resume()
    // Nobody says anything any more: it goes on by itself.
    await until(() => text.includes('b newest'))
    assert.include(text, 'a newest')
    for (const old of ['a first', 'a second', 'b first', 'b second']) assert.notInclude(text, old)
  })
})

test.group('News for many watchers', () => {
  test('are encoded once', ({ assert }) => {
    let encoded = 0
    class Counting extends Encoding {
      readonly isOfOneTask = false
      protected readonly comeback = 1000
      protected encode(channel: string, { json }: News): string {
        encoded++
        return channel + json
      }
    }
    const encoding = new Counting()
    const [cut, other] = [cutOf({ id: 'a' }), cutOf({ id: 'b' })]
    const frames = Array.from({ length: 1000 }, () => encoding.frame('a', cut))
    assert.equal(encoded, 1)
    // The same bytes for all but the first.
    assert.lengthOf(new Set(frames.slice(1)), 1)
    assert.equal(String(frames[1]), frames[0])
    assert.equal(encoding.frame('b', other), `b${other.json}`)
  })
})

test.group('Anti-entropy', () => {
  const ids = Array.from({ length: 300 }, () => crypto.randomUUID())
  const watched = new Map(ids.map((id) => [`long-task/${id}`, null]))

  test('each watched task has one turn in fifteen seconds, not all at once', ({ assert }) => {
    const antiEntropy = new AntiEntropy()
    const turns = Array.from({ length: 15 }, () => antiEntropy.next(watched))
    assert.sameMembers(turns.flat(), [...watched.keys()])
    assert.isBelow(Math.max(...turns.map(({ length }) => length)), 60)
  })

  test('a task is left alone when its end was repeated 30 s after it', ({ assert }) => {
    const antiEntropy = new AntiEntropy()
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
    const end = { status: 'completed' as const, createdAt: ago(60) }
    antiEntropy.told(cutOf({ id: ids[0], ...end, finishedAt: ago(29) }))
    antiEntropy.told(cutOf({ id: ids[1], ...end, finishedAt: ago(31) }))
    antiEntropy.told(cutOf({ id: ids[2], updatedAt: ago(50) }))
    const told = Array.from({ length: 15 }, () => antiEntropy.next(watched)).flat()
    assert.sameMembers(
      told,
      [...watched.keys()].filter((channel) => !channel.endsWith(ids[1]))
    )
    // Somebody new may have missed what he was told at first.
    antiEntropy.watched(`long-task/${ids[1]}`)
    const again = Array.from({ length: 15 }, () => antiEntropy.next(watched)).flat()
    assert.sameMembers(again, [...watched.keys()])
  })
})

test.group('Sticky subscriptions', () => {
  test('are kept for five minutes, given once, and bounded', ({ assert }) => {
    const sticky = new StickySubscriptions()
    sticky.remember('a', 'local', ['x'])
    sticky.expire(performance.now() + 299_000)
    assert.equal(sticky.ownerOf('a'), 'local')
    assert.deepEqual(sticky.take('a'), ['x'])
    assert.deepEqual(sticky.take('a'), [])
    sticky.remember('b', 'local', ['x'])
    sticky.expire(performance.now() + 300_001)
    assert.isUndefined(sticky.ownerOf('b'))

    for (let uid = 0; uid <= 100; uid++) {
      sticky.remember(
        `${uid}`,
        'local',
        Array.from({ length: 1000 }, (_, at) => `${uid}/${at}`)
      )
    }
    assert.deepEqual(sticky.take('0'), [])
    // Each uid counts as well.
    assert.deepEqual(sticky.take('1'), [])
    assert.lengthOf(sticky.take('2'), 1000)
  })

  test('are bounded also where they are made by uids that are away', ({ assert }) => {
    const sticky = new StickySubscriptions()
    const uids = Array.from({ length: 150 }, (_, at) => `${at}`)
    for (const uid of uids) sticky.remember(uid, 'local', [])
    for (const uid of uids) {
      for (let at = 0; at < 1000; at++) sticky.add(uid, `${uid}/${at}`)
    }
    const kept = uids.flatMap((uid) => sticky.take(uid))
    assert.isAtMost(kept.length, 100_000)
    assert.isAbove(kept.length, 90_000)
    assert.isFalse(sticky.add('0', 'x'))
  })

  test('of uids that have none are bounded too', ({ assert }) => {
    const sticky = new StickySubscriptions()
    for (let uid = 0; uid <= 100_000; uid++) sticky.remember(`${uid}`, 'local', [])
    assert.isUndefined(sticky.ownerOf('0'))
    assert.equal(sticky.ownerOf('1'), 'local')
    for (let uid = 1; uid <= 100_000; uid++) sticky.take(`${uid}`)
    sticky.remember(
      'a',
      'local',
      Array.from({ length: 99_999 }, (_, at) => `${at}`)
    )
    assert.equal(sticky.ownerOf('a'), 'local')
  })
})
