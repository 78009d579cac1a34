import { test } from '@japa/runner'
import { Outbox } from '#realtime/outbox'
import { madeCut } from '#tests/helpers/made_cut'
import { answering } from '#tests/helpers/answering'
import { AntiEntropy } from '#realtime/anti_entropy'
import { EventStream } from '#realtime/event_stream'
import { ChannelIndex } from '#realtime/channel_index'
import { transmitEncoding } from '#realtime/transmit_encoding'
import { StickySubscriptions } from '#realtime/sticky_subscriptions'

test.group('Anti-entropy', () => {
  const ids = Array.from({ length: 300 }, () => crypto.randomUUID())
  const channels = ids.map((id) => `long-task/${id}`)
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

  function watching(): AntiEntropy {
    const antiEntropy = new AntiEntropy()
    for (const channel of channels) antiEntropy.watched(channel)
    return antiEntropy
  }

  /** What is told in each second of a round. */
  const round = (antiEntropy: AntiEntropy, watched: readonly string[] = channels) =>
    Array.from({ length: 15 }, () => antiEntropy.next((channel) => watched.includes(channel)))

  test('each watched task has one turn in fifteen seconds, not all at once', ({ assert }) => {
    const antiEntropy = watching()
    const turns = round(antiEntropy)
    assert.sameMembers(turns.flat(), channels)
    assert.isBelow(Math.max(...turns.map(({ length }) => length)), 60)
    assert.deepEqual(round(antiEntropy), turns)
  })

  test('who begins to watch moves no turn of others', ({ assert }) => {
    const antiEntropy = watching()
    const turns = round(antiEntropy)
    const early = turns.slice(0, 7).map(() => antiEntropy.next(() => true))
    for (const channel of channels) antiEntropy.watched(channel)
    assert.deepEqual([...early, ...round(antiEntropy).slice(0, 8)], turns)
  })

  test('a task is left alone when its end was repeated 30 s after it', ({ assert }) => {
    const antiEntropy = watching()
    const end = { status: 'completed' as const, createdAt: ago(60) }
    antiEntropy.told(madeCut({ id: ids[0], ...end, finishedAt: ago(29) }))
    antiEntropy.told(madeCut({ id: ids[1], ...end, finishedAt: ago(31) }))
    antiEntropy.told(madeCut({ id: ids[2], updatedAt: ago(50) }))
    const others = channels.filter((channel) => channel !== channels[1])
    assert.sameMembers(round(antiEntropy).flat(), others)
    // Somebody new may have missed what he was told at first.
    antiEntropy.watched(channels[1])
    assert.sameMembers(round(antiEntropy).flat(), channels)
  })

  test('a task that nobody watches any more is told to whoever watches it then', ({ assert }) => {
    const antiEntropy = watching()
    assert.isEmpty(round(antiEntropy, []).flat())
    assert.isEmpty(round(antiEntropy).flat())
    antiEntropy.watched(channels[0])
    assert.deepEqual(round(antiEntropy).flat(), [channels[0]])
  })
})

test.group('The index of channels', () => {
  test('keeps nothing of what nobody watches, nor does the stream', async ({ assert, cleanup }) => {
    const { response } = await answering(cleanup)
    const options = { owner: 'local', encoding: transmitEncoding, outbox: new Outbox() }
    const stream = new EventStream(response, options)
    const index = new ChannelIndex()
    index.add('a', stream)
    stream.send('a', madeCut({ id: 'a' }))
    assert.isTrue(stream.knows('a'))
    index.remove('a', stream)
    assert.equal(index.channels().size, 0)
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
