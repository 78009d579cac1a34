import { test } from '@japa/runner'
import { Outbox } from '#realtime/outbox'
import { madeCut } from '#tests/helpers/made_cut'
import { answering } from '#tests/helpers/answering'
import { AntiEntropy } from '#realtime/anti_entropy'
import { EventStream } from '#realtime/event_stream'
import { ChannelIndex } from '#realtime/channel_index'
import { transmitEncoding } from '#realtime/transmit_encoding'
import { StickySubscriptions } from '#realtime/sticky_subscriptions'

type Cleanup = Parameters<typeof answering>[0]

async function aStream(cleanup: Cleanup): Promise<EventStream> {
  const { response } = await answering(cleanup)
  return new EventStream(response, {
    owner: 'local',
    encoding: transmitEncoding,
    outbox: new Outbox(),
  })
}

test.group('Anti-entropy', () => {
  const ids = Array.from({ length: 300 }, () => crypto.randomUUID())
  const names = ids.map((id) => `long-task/${id}`)
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

  async function watching(cleanup: Cleanup) {
    const stream = await aStream(cleanup)
    const index = new ChannelIndex()
    const antiEntropy = new AntiEntropy()
    const channels = names.map((name) => index.add(name, stream))
    for (const channel of channels) antiEntropy.watched(channel)
    /** What is told in each second of a round. */
    const round = (seconds = 15) =>
      Array.from({ length: seconds }, () => antiEntropy.next().map(({ name }) => name))
    return { antiEntropy, index, channels, stream, round }
  }

  test('each watched task has one turn in fifteen seconds, not all at once', async ({
    assert,
    cleanup,
  }) => {
    const { round } = await watching(cleanup)
    const turns = round()
    assert.sameMembers(turns.flat(), names)
    assert.isBelow(Math.max(...turns.map(({ length }) => length)), 60)
    assert.deepEqual(round(), turns)
  })

  test('who begins to watch moves no turn of others', async ({ assert, cleanup }) => {
    const { antiEntropy, channels, round } = await watching(cleanup)
    const turns = round()
    const early = round(7)
    for (const channel of channels) antiEntropy.watched(channel)
    assert.deepEqual([...early, ...round(8)], turns)
  })

  test('a task is left alone when its end was repeated 30 s after it', async ({
    assert,
    cleanup,
  }) => {
    const { antiEntropy, channels, round } = await watching(cleanup)
    const end = { status: 'completed' as const, createdAt: ago(60) }
    antiEntropy.told(channels[0], madeCut({ id: ids[0], ...end, finishedAt: ago(29) }))
    antiEntropy.told(channels[1], madeCut({ id: ids[1], ...end, finishedAt: ago(31) }))
    antiEntropy.told(channels[2], madeCut({ id: ids[2], updatedAt: ago(50) }))
    const others = names.filter((name) => name !== names[1])
    assert.sameMembers(round().flat(), others)
    // Somebody new may have missed what he was told at first.
    antiEntropy.watched(channels[1])
    assert.sameMembers(round().flat(), names)
  })

  test('a task that nobody watches any more is told to whoever watches it then', async ({
    assert,
    cleanup,
  }) => {
    const { antiEntropy, index, stream, round } = await watching(cleanup)
    for (const name of names) index.remove(name, stream)
    antiEntropy.watched(index.add(names[0], stream))
    assert.deepEqual(round().flat(), [names[0]])
    antiEntropy.watched(index.add(names[1], stream))
    assert.sameMembers(round().flat(), [names[0], names[1]])
  })
})

test.group('The index of channels', () => {
  test('keeps nothing of what nobody watches, nor does the stream', async ({ assert, cleanup }) => {
    const stream = await aStream(cleanup)
    const index = new ChannelIndex()
    index.add('a', stream)
    stream.send('a', madeCut({ id: 'a' }))
    assert.isTrue(stream.knows('a'))
    index.remove('a', stream)
    assert.isEmpty(index.channels())
    assert.equal(index.channelsOf(stream).size, 0)
    assert.isFalse(stream.knows('a'))
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

  test('count only while they are there', ({ assert }) => {
    const sticky = new StickySubscriptions()
    sticky.remember('oldest', 'local', ['x'])
    const most = Array.from({ length: 1000 }, (_, at) => `${at}`)
    for (let time = 0; time < 101; time++) sticky.remember('lost again', 'local', most)
    assert.equal(sticky.ownerOf('oldest'), 'local')
    sticky.remember('a', 'local', [])
    for (let time = 0; time <= 100_000; time++) {
      sticky.add('a', 'y')
      sticky.remove('a', 'y')
    }
    sticky.remember('b', 'local', [])
    assert.equal(sticky.ownerOf('oldest'), 'local')
  })
})
