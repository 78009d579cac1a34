import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { RawStream } from '#tests/helpers/sse'
import { RawSocket } from '#tests/helpers/raw_socket'
import { OneRequest } from '#tests/helpers/one_request'
import { NaiveClient } from '#tests/helpers/transmit_client'
import type { Snapshot } from '#engine/snapshot'
import { longAgo, stored } from '#tests/helpers/stored'
import { startScript, theEngine } from '#tests/helpers/scripted'
import { resolveOwnerBy } from '#start/owner'
import transmit from '@adonisjs/transmit/services/main'
import { deferred, endOf, until } from '#tests/helpers/waiting'

/** `MAX_STREAMS_PER_CLIENT`, where nobody says otherwise. */
const PER_CLIENT = 100

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const events = (uid: string) => `${base()}/__transmit/events?uid=${uid}`

function post(action: 'subscribe' | 'unsubscribe', body: object, owner?: string) {
  return fetch(`${base()}/__transmit/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(owner && { 'x-owner': owner }) },
    body: JSON.stringify(body),
  })
}

/** A task that stands at 10 % until it may go on. */
async function halted(id?: string) {
  const go = deferred()
  const task = await startScript(async (self) => {
    self.progress(10)
    await go.promise
  }, id)
  return { id: task, channel: `long-task/${task}`, go: () => go.resolve() }
}

/** Such a task, and a stream that has seen it stand there. */
async function watched(cleanup: (handler: () => void) => void) {
  const stream = await RawStream.open(base())
  cleanup(() => stream.close())
  const task = await halted()
  await stream.subscribe(task.id)
  const seen = await stream.until(task.id, ({ progress }) => progress === 10)
  return { stream, seen, ...task }
}

/** All that is read from the database from now on. */
function listenToReads(cleanup: (handler: () => void) => void): string[] {
  const statements: string[] = []
  const { client } = db.connection().getReadClient()
  const hear = ({ sql }: { sql: string }) => void statements.push(sql)
  client.on('query', hear)
  cleanup(() => client.off('query', hear))
  return statements
}

const has = (raw: RawSocket, version: number) =>
  raw.payloads<Snapshot>().some((snapshot) => snapshot.version === version)

test.group('Broadcasts that somebody hands to Transmit', () => {
  test('reach the watchers of the task through the one writer, in the order of versions', async ({
    assert,
    cleanup,
  }) => {
    const { stream, seen, id, channel, go } = await watched(cleanup)
    const one = await OneRequest.open(`${base()}/tasks/${id}/events`)
    const other = await RawStream.open(base())
    cleanup(() => other.close())
    await other.subscribe(id)
    await until(() => one.last?.progress === 10 && other.last(id)?.progress === 10)

    transmit.broadcast(channel, { ...seen, version: seen.version - 1, message: 'older' } as never)
    const newer = { ...seen, version: seen.version + 1, message: 'newer' }
    transmit.broadcast(channel, newer as never)
    newer.message = 'changed after it was broadcast'
    const rest = { ...newer, message: 'to the others' }
    transmit.broadcastExcept(channel, rest as never, stream.uid)
    await stream.until(id, ({ message }) => message === 'newer')
    await other.until(id, ({ message }) => message === 'to the others')
    assert.sameMembers(transmit.getSubscribersFor(channel), [stream.uid, other.uid])

    // A version of its own, so that the end is newer than what was broadcast.
    await fetch(`${base()}/tasks/${id}/cancel`, { method: 'POST' })
    go()
    const end = await endOf(id)
    await stream.until(id, ({ version }) => version === end.version)
    await one.ended
    const messages = stream.of(id).map(({ message }) => message)
    assert.deepEqual([...new Set(messages)], [null, 'newer'])
    const told = one.events.map(({ snapshot }) => snapshot.message)
    // What stood a while was told again.
    assert.deepEqual(
      told.filter((message, at) => message !== told[at - 1]),
      [null, 'newer', null]
    )
    assert.equal(one.last?.version, end.version)
  })

  test("reach nobody where they are written to Transmit's own stream of a watcher", async ({
    assert,
    cleanup,
  }) => {
    const { stream, seen, id, channel, go } = await watched(cleanup)

    const own = [...transmit.getManager().getAllSubscribers().keys()]
    const [its] = own.filter((one) => one.getUid() === stream.uid)
    assert.exists(its)
    const forged = { ...seen, version: seen.version + 1, message: 'beside the one writer' }
    // More than an unread stream would take.
    for (let i = 0; i < 100; i++) its?.writeMessage({ data: { channel, payload: forged as never } })
    await until(() => its?.writableLength === 0)
    go()
    await stream.until(id, ({ status }) => status === 'completed')
    assert.notInclude(
      stream.of(id).map(({ message }) => message),
      forged.message
    )
  })

  test('a poison payload throws at its sender, what is no snapshot is dropped, no stream suffers', async ({
    assert,
    cleanup,
  }) => {
    const { stream, id, channel, go } = await watched(cleanup)
    const stock = new NaiveClient(base())
    cleanup(() => stock.close())
    await stock.watch(id)
    const frames = stream.frames.length

    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    for (const poison of [{ id, version: 10n }, cyclic]) {
      assert.throws(() => transmit.broadcast(channel, poison as never), TypeError)
      assert.throws(() => transmit.broadcastExcept(channel, poison as never, ''), TypeError)
    }
    for (const payload of [undefined, null, 'text', { id }, { id: randomUUID(), version: 99 }]) {
      transmit.broadcast(channel, payload as never)
    }
    transmit.broadcast('long-tasks', { tasks: [{ secret: true }] })
    const marker = await startScript(async () => {})
    await stream.subscribe(marker)
    await stream.until(marker, ({ status }) => status === 'completed')
    assert.isFalse(
      stream.frames.slice(frames).some(({ payload }) => payload.id !== marker && payload.id !== id)
    )
    go()
    await stream.until(id, ({ status }) => status === 'completed')
    await until(() => stock.shown?.status === 'completed')
    assert.isTrue(stock.seen.every((snapshot) => snapshot.id === id && snapshot.version < 99))
    assert.equal(stock.connections, 1)
  })
})

test.group('A uid that comes back', () => {
  test('has its channels again without asking, and what happened meanwhile', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const first = await RawStream.open(base(), uid)
    const { id, go } = await halted()
    await first.subscribe(id)
    await first.until(id, ({ progress }) => progress === 10)
    first.close()
    const hub = await app.container.make(Hub)
    await until(() => !hub.streams.find(uid))
    go()
    const end = await endOf(id)

    const second = await RawStream.open(base(), uid)
    cleanup(() => second.close())
    await second.until(id, ({ status }) => status === 'completed')
    assert.equal(second.last(id)?.version, end.version)
  })

  test('is brought up to date by one read, however many channels it has', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const first = await RawStream.open(base(), uid)
    const ended = await startScript(async () => {})
    const { version } = await endOf(ended)
    const ids = [ended, ...Array.from({ length: 200 }, () => randomUUID())]
    for (const id of ids) await first.subscribe(id)
    first.close()
    const hub = await app.container.make(Hub)
    await until(() => !hub.streams.find(uid))

    const statements = listenToReads(cleanup)
    const second = await RawSocket.open(events(uid))
    cleanup(() => second.close())
    await until(() => has(second, version))
    assert.lengthOf(
      statements.filter((sql) => /from `tasks` where `id` /.test(sql)),
      1
    )
  })

  test('twenty at once under one uid leave one stream, which works', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const all = await Promise.all(Array.from({ length: 20 }, () => RawSocket.open(events(uid))))
    cleanup(() => all.forEach((raw) => raw.close()))
    await until(() => all.filter((raw) => !raw.closed).length === 1)
    const survivor = all.find((raw) => !raw.closed)
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    assert.equal((await post('subscribe', { uid, channel: `long-task/${id}` })).status, 204)
    await until(() => survivor && has(survivor, version))
  })
})

test.group('Two owners', (group) => {
  group.each.setup(() => resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))

  test('whoever knows the uid of somebody else gets nothing and breaks nothing', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const victim = await RawSocket.open(events(uid))
    const { channel, go, id } = await halted()
    await post('subscribe', { uid, channel })

    const thief = await RawSocket.open(events(uid), { 'x-owner': 'mallory' })
    cleanup(() => [victim, thief].forEach((raw) => raw.close()))
    assert.equal(thief.status, 409)
    assert.include(thief.text, 'application/problem+json')
    const foreign = `long-task/${randomUUID()}`
    assert.equal((await post('subscribe', { uid, channel: foreign }, 'mallory')).status, 404)
    assert.equal((await post('unsubscribe', { uid, channel }, 'mallory')).status, 404)

    go()
    const { version } = await endOf(id)
    await until(() => has(victim, version))

    victim.close()
    const hub = await app.container.make(Hub)
    await until(() => !hub.streams.find(uid))
    const later = await RawSocket.open(events(uid), { 'x-owner': 'mallory' })
    cleanup(() => later.close())
    assert.equal(later.status, 409)
    assert.notInclude(thief.text + later.text, id)
  })

  test('a task of somebody else looks like none, before it exists and after', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const stranger = randomUUID()
    const spy = await RawSocket.open(events(uid), { 'x-owner': stranger })
    cleanup(() => spy.close())
    const { id: known, go: end } = await halted()
    const awaited = randomUUID()
    for (const id of [known, awaited, randomUUID()]) {
      const answer = await post('subscribe', { uid, channel: `long-task/${id}` }, stranger)
      assert.equal(answer.status, 204)
    }
    assert.equal((await post('subscribe', { uid, channel: 'long-tasks' }, stranger)).status, 204)
    const { go } = await halted(awaited)
    await until(() => !transmit.getSubscribersFor(`long-task/${awaited}`).includes(uid))
    await until(() => !transmit.getSubscribersFor(`long-task/${known}`).includes(uid))
    go()
    end()
    await Promise.all([known, awaited].map(endOf))
    for (const path of [`/tasks/${known}/events`, `/tasks/${known}`]) {
      const headers = { 'x-owner': stranger, 'accept': 'text/event-stream' }
      assert.equal((await fetch(`${base()}${path}`, { headers })).status, 404)
    }
    await until(() => spy.payloads().length === 1)
    assert.deepEqual(spy.payloads(), [{ tasks: [], removed: [] }])
  })

  test('each have streams of their own to use up, wherever they come from', async ({
    assert,
    cleanup,
  }) => {
    const open = (owner: string, at: number) =>
      RawSocket.open(events(randomUUID()), {
        'x-owner': owner,
        'x-forwarded-for': `203.0.113.${at}`,
      })
    const streams = await Promise.all(
      Array.from({ length: PER_CLIENT + 1 }, (_, at) => open('many', at))
    )
    streams.push(await open('few', 0))
    cleanup(() => streams.forEach((raw) => raw.close()))
    await until(() => streams.some((raw) => raw.closed))
    const sentAway = streams.filter(({ text }) => text.endsWith('\r\n\r\nretry: 30000\n\n'))
    assert.lengthOf(sentAway, 1)
    assert.notEqual(sentAway[0], streams.at(-1))
  })
})

test.group('The channel of many tasks', () => {
  interface List {
    tasks: Snapshot[]
    removed: string[]
  }

  test('tells the live and the recent ones first, then what changes: few frames, none too large', async ({
    assert,
    cleanup,
  }) => {
    const ended = await startScript(async () => {})
    await endOf(ended)
    const { id, go } = await halted()
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    cleanup(() => raw.close())
    assert.equal((await post('subscribe', { uid, channel: 'long-tasks' })).status, 204)
    const told = () => raw.payloads<List>().flatMap(({ tasks }) => tasks)
    await until(() => told().some((task) => task.id === id && task.progress === 10))
    assert.isTrue(told().some((task) => task.id === ended && task.status === 'completed'))

    const since = performance.now()
    const before = raw.payloads().length
    const ids: string[] = []
    for (let made = 0; made < 200; made++) {
      ids.push(await startScript(async (task) => task.progress(50, 'x'.repeat(500))))
    }
    go()
    const ends = await Promise.all([id, ...ids].map(endOf))
    const newest = () => new Map(told().map((task) => [task.id, task.version]))
    await until(() => {
      const shown = newest()
      return ends.every((end) => shown.get(end.id) === end.version)
    })
    const frames = raw.payloads().length - before
    assert.isAtMost(frames, Math.ceil((performance.now() - since) / 250) + 2)
    const sizes = raw.text.split('\n\n').map((frame) => Buffer.byteLength(frame))
    assert.isAtMost(Math.max(...sizes), 65_536)

    const versions = new Map<string, number>()
    for (const task of told()) {
      assert.isAtLeast(task.version, versions.get(task.id) ?? 0)
      versions.set(task.id, task.version)
    }
  })
})

test.group('Anti-entropy', () => {
  test('the newest snapshot is told again in every round, while the task runs and when it has ended', async ({
    assert,
    cleanup,
  }) => {
    const hub = await app.container.make(Hub)
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    cleanup(() => raw.close())
    const { id, channel, go } = await halted()
    await post('subscribe', { uid, channel })
    const count = () => raw.payloads<Snapshot>().filter((snapshot) => snapshot.id === id).length
    const round = async () => {
      const before = count()
      for (let second = 0; second < 15; second++) await hub.repeat()
      const marker = await startScript(async () => {})
      await post('subscribe', { uid, channel: `long-task/${marker}` })
      const { version } = await endOf(marker)
      await until(() =>
        raw.payloads<Snapshot>().some((s) => s.id === marker && s.version === version)
      )
      return count() - before
    }
    await until(() => raw.payloads<Snapshot>().some(({ progress }) => progress === 10))
    // The echo of the subscription.
    await until(() => count() >= 2)
    assert.isAtLeast(await round(), 1)
    go()
    const { version } = await endOf(id)
    await until(() => has(raw, version))
    assert.isAtLeast(await round(), 1)
  })
})

test.group('A list on which nothing happens', () => {
  test('is told so in every round: its watcher can tell silence from a dead line', async ({
    assert,
    cleanup,
  }) => {
    const hub = await app.container.make(Hub)
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    cleanup(() => raw.close())
    await post('subscribe', { uid, channel: 'long-tasks' })
    // What is told first, and its echo, which is an update of whatever was told.
    await until(() => raw.payloads().length >= 2)
    const before = raw.payloads().length
    for (let second = 0; second < 15; second++) await hub.repeat()
    await until(() => raw.payloads().length > before)
    assert.deepEqual(Object.keys(raw.payloads<object>().at(-1) ?? {}), ['tasks', 'removed'])
  })
})

test.group('What could not be read for a watcher', () => {
  /** Has the engine fail until told otherwise, and counts how often. */
  async function failing(method: 'list' | 'cutsOf', cleanup: (handler: () => void) => void) {
    const engine = await theEngine()
    const seen = { failures: 0, end: () => void Reflect.deleteProperty(engine, method) }
    cleanup(seen.end)
    engine[method] = async (what: object) => {
      // Nothing is read where nothing is due.
      if (Array.isArray(what) && what.length === 0) return []
      seen.failures++
      throw new Error('the disk is gone')
    }
    return seen
  }

  async function round() {
    const hub = await app.container.make(Hub)
    for (let second = 0; second < 15; second++) await hub.repeat()
  }

  test('the list is told in the next round', async ({ assert, cleanup }) => {
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    const reads = await failing('list', cleanup)
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    cleanup(() => raw.close())
    await post('subscribe', { uid, channel: 'long-tasks' })
    // The subscription, and its echo.
    await until(() => reads.failures === 2)
    await round()
    await until(() => reads.failures === 3)
    // To say that there is nothing new would say that what was told is all.
    assert.lengthOf(raw.payloads(), 0)
    reads.end()
    await round()
    await until(() =>
      raw
        .payloads<{ tasks: Snapshot[] }>()
        .some(({ tasks }) => tasks.some((task) => task.id === id && task.version === version))
    )
  })

  test('the end of a task, long told to others, is told in the next round', async ({ cleanup }) => {
    const id = await stored({ owner: 'local', status: 'completed', finished_at: longAgo })
    const [first, second] = [await RawStream.open(base()), await RawStream.open(base())]
    cleanup(() => [first, second].forEach((stream) => stream.close()))
    await first.subscribe(id)
    // With its echo.
    await until(() => first.of(id).length === 2)
    await round()
    const reads = await failing('cutsOf', cleanup)
    await second.subscribe(id)
    await until(() => reads.failures >= 2)
    reads.end()
    await round()
    await second.until(id, ({ status }) => status === 'completed')
  })
})

test.group('Limits of a stream', () => {
  test('a stream has at most 1,000 channels, also when they are asked for at once', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    cleanup(() => raw.close())
    const channels = Array.from({ length: 1020 }, () => `long-task/${randomUUID()}`)
    const answers = await Promise.all(
      channels.map((channel) => post('subscribe', { uid, channel }))
    )
    const statuses = answers.map(({ status }) => status)
    assert.lengthOf(
      statuses.filter((status) => status === 204),
      1000
    )
    const refused = answers.filter(({ status }) => status === 429)
    assert.lengthOf(refused, 20)
    assert.equal(refused[0].headers.get('retry-after'), '30')
    assert.containsSubset(await refused[0].json(), { code: 'too-many-channels' })

    const held = channels[statuses.indexOf(204)]
    assert.equal((await post('subscribe', { uid, channel: held })).status, 204)
    assert.equal((await post('unsubscribe', { uid, channel: held })).status, 204)
    const other = `long-task/${randomUUID()}`
    assert.equal((await post('subscribe', { uid, channel: other })).status, 204)
  })
})

test.group('A stream that subscribes to the list again and again', () => {
  test('has it read once a second at most, and is told the newest', async ({ assert, cleanup }) => {
    const stream = await RawSocket.open(events('again-and-again-0123'))
    const statements = listenToReads(cleanup)
    cleanup(() => stream.close())
    const from = performance.now()
    const body = { uid: 'again-and-again-0123', channel: 'long-tasks' }
    for (let time = 0; time < 50; time++) {
      assert.equal((await post('subscribe', body)).status, 204)
      if (time % 2 === 0) assert.equal((await post('unsubscribe', body)).status, 204)
    }
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    assert.equal((await post('subscribe', body)).status, 204)
    await until(() =>
      stream
        .payloads<{ tasks: Snapshot[] }>()
        .some(({ tasks }) => tasks.some((task) => task.id === id && task.version === version))
    )
    const seconds = (performance.now() - from) / 1000
    const reads = statements.filter((sql) => /where.*`owner` = .*order by/.test(sql)).length
    assert.isAbove(reads, 0)
    // Three statements a read: the recent ones and those of each live status.
    assert.isAtMost(reads, 3 * (Math.ceil(seconds * 1.01) + 1))
  })
})
