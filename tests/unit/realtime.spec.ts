import { test } from '@japa/runner'
import { once } from 'node:events'
import { now } from '#engine/task_state'
import { turns, until } from '#tests/helpers/waiting'
import { Outbox } from '#realtime/outbox'
import { Streams } from '#realtime/streams'
import { madeCut } from '#tests/helpers/made_cut'
import { ownTime } from '#tests/helpers/own_time'
import { Encoding } from '#realtime/encoding'
import type { News } from '#realtime/news'
import type { Socket } from 'node:net'
import { EventStream } from '#realtime/event_stream'
import { lineEncoding } from '#realtime/line_encoding'
import { eventEncoding } from '#realtime/event_encoding'
import { transmitEncoding } from '#realtime/transmit_encoding'
import { answering, heardOn } from '#tests/helpers/answering'

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
      assert.equal(stream.tend(from + 3500), 12)
      assert.equal(stream.tend(from + 14_000), 1)
      assert.equal(stream.tend(from + 15_001), 15)
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
      stream.send('a', madeCut({ id: 'a', version: ++version, message: 'x'.repeat(500) }))

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
    assert.equal(stream.tend(performance.now() + 29_000), 1)
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
      stream.send('a', madeCut({ id: 'a', version: ++version, message: 'x'.repeat(50_000) }))
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
      stream.send(id, madeCut({ id, version, message }))
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

test.group('A line that a task logs', () => {
  const line = { seq: 1, time: now(), level: 'info', attempt: 1, message: 'a line' } as const

  test('comes before the news of the same turn', async ({ assert, cleanup }) => {
    const { socket, response } = await answering(cleanup)
    const heard = heardOn(socket)
    const options = { owner: 'local', encoding: eventEncoding, outbox: new Outbox() }
    const stream = new EventStream(response, options)
    stream.send('a', madeCut({ id: 'a', message: 'the news' }))
    stream.sendLine(line)
    stream.end()
    await once(socket, 'close')
    assert.match(heard.text, /a line[^]*the news/)
  })

  test('waits for a reader who takes nothing: not even an empty piece is written', async ({
    assert,
    cleanup,
  }) => {
    const { socket, response } = await answering(cleanup)
    socket.pause()
    const options = { owner: 'local', encoding: eventEncoding, outbox: new Outbox() }
    const stream = new EventStream(response, options)
    const connection = response.socket as Socket
    stream.sendLine(line)
    while (!stream.isFull) connection.write('x'.repeat(100_000))
    let writes = 0
    connection.write = () => (writes++, false)
    await turns(2)
    assert.equal(writes, 0)
  })
})

test.group('A stream that ends', () => {
  /** A stream of one task. */
  async function ofOneTask(cleanup: (handler: () => void) => void) {
    const { socket, response } = await answering(cleanup)
    const options = { owner: 'local', encoding: eventEncoding, outbox: new Outbox() }
    return { socket, heard: heardOn(socket), stream: new EventStream(response, options) }
  }

  test('tells what was said in the same turn, and then when to come back', async ({
    assert,
    cleanup,
  }) => {
    const { socket, heard, stream } = await ofOneTask(cleanup)
    stream.send('a', madeCut({ id: 'a', message: 'last word' }))
    stream.end()
    await once(socket, 'close')
    assert.match(heard.text, /last word[^]*retry: \d+\n\n$/)
  })

  for (const [how, why, last] of [
    ['endOfTask', 'with its task: a slow reader gets the end of that first', /"completed".*\n\n$/],
    ['end', 'with its server: a slow reader is told when to come back', /retry: \d+\n\n$/],
  ] as const) {
    test(why, async ({ assert, cleanup }) => {
      const { socket, heard, stream } = await ofOneTask(cleanup)
      socket.pause()
      let version = 0
      await until(() => {
        stream.send('a', madeCut({ id: 'a', version: ++version, message: 'x'.repeat(50_000) }))
        return stream.isFull
      })
      stream.send('a', madeCut({ id: 'a', version: ++version, status: 'completed' }))
      stream[how]()
      socket.resume()
      await once(socket, 'close')
      assert.match(heard.text, last)
    })
  }
})

test.group('Streams', () => {
  /** All were subscribed to the list when they were lost. */
  const streamsOf = (total = 9) => new Streams({ total, perClient: 9 }, () => ['long-tasks'])
  const opening = { owner: 'local', client: null, encoding: transmitEncoding, uid: 'a' }

  test('that are lost get back what they had, once, on the response that is theirs', async ({
    assert,
    cleanup,
  }) => {
    const streams = streamsOf()
    const [first, second] = [await answering(cleanup), await answering(cleanup, false)]
    await streams.open(first.response, opening).destroy()
    const heard = heardOn(second.socket)
    streams.open(second.response, opening)
    // Its head is out only now, when another has come.
    assert.deepEqual(streams.begin('a', first.response), [])
    second.response.flushHeaders()
    assert.deepEqual(streams.begin('a', second.response), ['long-tasks'])
    await until(() => heard.text.includes('retry: '))
    assert.match(heard.text, /^HTTP[^]*\r\n\r\nretry: \d+\n\n$/)
  })

  test('that are sent away when they come back keep what they had', async ({ assert, cleanup }) => {
    const streams = streamsOf()
    await streams.open((await answering(cleanup)).response, opening).destroy()
    streams.sendAway('a', 'local')
    assert.equal(streams.ownerOf('a'), 'local')
    const { response } = await answering(cleanup)
    streams.open(response, opening)
    assert.deepEqual(streams.begin('a', response), ['long-tasks'])
  })

  test('that are lost are looked after no more, the others are, and those alone count', async ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const streams = streamsOf(2)
    const [lost, kept] = [await answering(cleanup), await answering(cleanup)]
    const stream = streams.open(lost.response, { ...opening, uid: 'lost' })
    streams.open(kept.response, { ...opening, uid: 'kept' })
    assert.isNotNull(streams.wait(opening))
    let looks = 0
    stream.tend = () => (looks++, 1)
    await stream.destroy()
    assert.isNull(streams.wait(opening))
    const heard = heardOn(kept.socket)
    for (const seconds of [14, 2, 13, 3]) {
      pass(seconds * 1000)
      streams.tend()
    }
    await until(() => heard.text.split('$$transmit/ping').length > 2)
    assert.equal(heard.text.split('$$transmit/ping').length, 3)
    assert.equal(looks, 0)
  })

  test('that are lost are forgotten in the course of their care', async ({ assert, cleanup }) => {
    const streams = streamsOf()
    await streams.open((await answering(cleanup)).response, opening).destroy()
    streams.tend()
    assert.equal(streams.ownerOf('a'), 'local')
    ownTime(cleanup)(300_001)
    streams.tend()
    assert.isUndefined(streams.ownerOf('a'))
  })

  test('that open while the server stops end once their head is out', async ({
    assert,
    cleanup,
  }) => {
    const streams = streamsOf()
    const { socket, response } = await answering(cleanup, false)
    const heard = heardOn(socket)
    const stream = streams.open(response, opening)
    streams.drain()
    assert.isTrue(stream.isOpen)
    response.flushHeaders()
    streams.begin('a', response)
    await once(socket, 'close')
    assert.match(heard.text, /^HTTP[^]*\r\n\r\nretry: \d+\n\n$/)
  })
})

test.group('News that were sent', () => {
  test('go out again only where they are repeated, on a stream of one task', async ({
    assert,
    cleanup,
  }) => {
    const { socket, response } = await answering(cleanup)
    const heard = heardOn(socket)
    const encoding = eventEncoding
    const stream = new EventStream(response, { owner: 'local', encoding, outbox: new Outbox() })
    const [older, cut] = [1, 2].map((version) => madeCut({ id: 'a', version }))
    const frames = () => heard.text.split('id: 2\n').length - 1
    stream.send('a', cut)
    stream.send('a', cut)
    stream.repeat('a', older)
    await until(() => frames() === 1)
    stream.repeat('a', cut)
    await until(() => frames() === 2)
    stream.send('a', cut)
    stream.end()
    await once(socket, 'close')
    assert.equal(frames(), 2)
    assert.notInclude(heard.text, 'id: 1\n')
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
    const [cut, other] = [madeCut({ id: 'a' }), madeCut({ id: 'b' })]
    const frames = Array.from({ length: 1000 }, () => encoding.frame('a', cut))
    assert.equal(encoded, 1)
    // The same bytes for all but the first.
    assert.lengthOf(new Set(frames.slice(1)), 1)
    assert.equal(String(frames[1]), frames[0])
    assert.equal(encoding.frame('b', other), `b${other.json}`)
  })
})
