import { test } from '@japa/runner'
import { Cut } from '#engine/cut'
import { once } from 'node:events'
import { Outbox } from '#realtime/outbox'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { until } from '#tests/helpers/waiting'
import { EventStream } from '#realtime/event_stream'
import { AntiEntropy } from '#realtime/anti_entropy'
import { transmitEncoding } from '#realtime/transmit_encoding'
import type { TaskState } from '#engine/task_state'
import { createServer, type ServerResponse } from 'node:http'
import { StickySubscriptions } from '#realtime/sticky_subscriptions'

function cutOf(changes: Partial<TaskState> & { id: string }): Cut {
  return new Cut({ owner: 'local', status: 'processing', version: 1, ...changes } as TaskState)
}

test.group('A stream whose reader takes nothing', () => {
  test('keeps the newest of each task, is cut after 30 s, and the others go on', async ({
    assert,
    cleanup,
  }) => {
    const server = createServer().listen(0, '127.0.0.1')
    cleanup(() => void server.close())
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    cleanup(() => void socket.destroy())
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET / HTTP/1.0\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    response.writeHead(200)
    response.flushHeaders()

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
    assert.lengthOf(sticky.take('1'), 1000)
  })
})
