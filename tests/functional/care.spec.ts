import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import app from '@adonisjs/core/services/app'
import { randomUUID } from 'node:crypto'
import { EventSource } from 'eventsource'
import { Proxy } from '#tests/helpers/proxy'
import transmit from '@adonisjs/transmit/services/main'
import { RawSocket } from '#tests/helpers/raw_socket'
import { OneRequest } from '#tests/helpers/one_request'
import { start } from '#tests/helpers/remote'
import { setTimeout } from 'node:timers/promises'
import type { Snapshot } from '#engine/snapshot'
import { startScript } from '#tests/helpers/scripted'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { ResilientEventSource, watchTask } from '../../app/page/client.js'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const events = (uid: string) => `${base()}/__transmit/events?uid=${uid}`

/** Milliseconds in which every line says something: fifteen seconds, and some for a busy machine. */
const ROUND = 20_000
/** Milliseconds in which a task that reports nothing is told to be quiet: thirty seconds, and some. */
const QUIET = 36_000

/** Waits for that, and gives how long it took. */
async function within(round: number, condition: () => boolean | undefined): Promise<number> {
  const since = performance.now()
  await until(() => condition() || performance.now() - since > 2 * round)
  return performance.now() - since
}

const subscribe = (uid: string, id: string, url = base()) =>
  fetch(`${url}/__transmit/subscribe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uid, channel: `long-task/${id}` }),
  })

/** What takes half a minute, all at once; each gives what was seen. */
const stories = {
  async 'a quiet task'(id: string) {
    const uid = randomUUID()
    const raw = await RawSocket.open(events(uid))
    await subscribe(uid, id)
    const one = await OneRequest.open(`${base()}/tasks/${id}/events`)
    const line = await OneRequest.open(`${base()}/tasks/${id}`, { accept: 'text/plain' })
    // With the echo of the subscription.
    await until(() => raw.payloads().length === 2 && one.last?.progress === 10)
    const drawn = line.text.length
    const after = await within(
      ROUND,
      () => raw.payloads().length > 2 && one.events.length > 1 && line.text.length > drawn
    )
    for (const each of [raw, one, line]) each.close()
    return { raw: raw.payloads<Snapshot>(), one: one.events, line: line.text.split('\r'), after }
  },

  async 'a task that reports nothing'(id: string) {
    const one = await OneRequest.open(`${base()}/tasks/${id}/events`)
    await until(() => one.last?.progress === 10)
    const { version, health } = one.last as Snapshot
    const after = await within(QUIET, () => one.last?.health !== 'active')
    one.close()
    return { version, health, last: one.last, after }
  },

  async 'a stream without a task'() {
    const raw = await RawSocket.open(events(randomUUID()))
    const after = await within(ROUND, () => raw.text.includes('$$transmit/ping'))
    raw.close()
    return { text: raw.text, after }
  },

  async 'a watchdog'(id: string) {
    const uid = randomUUID()
    const awaited = new ResilientEventSource(events(uid), { EventSource, silence: ROUND })
    const quiet = new ResilientEventSource(`${base()}/tasks/${id}/events`, {
      EventSource,
      silence: ROUND,
    })
    let cuts = 0
    for (const source of [awaited, quiet]) source.addEventListener('error', () => cuts++)
    await until(() => awaited.readyState === 1)
    // One that does not exist yet: there is nothing to tell.
    await subscribe(uid, randomUUID())
    await setTimeout(1.6 * ROUND)
    for (const source of [awaited, quiet]) source.close()
    return cuts
  },

  async 'a proxy that holds back bodies'(id: string) {
    const proxy = await Proxy.start(base())
    proxy.isBuffering = true
    const since = performance.now()
    const { promise: polled, resolve } = Promise.withResolvers<Snapshot>()
    const watch = watchTask(`${proxy.url}/tasks/${id}`, { EventSource, onSnapshot: resolve })
    const { progress } = await polled
    watch.close()
    proxy.close()
    return { progress, after: performance.now() - since }
  },

  async 'a reader that stops'() {
    const hub = await app.container.make(Hub)
    const uid = randomUUID()
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(20)
      await go.promise
    })
    const raw = await RawSocket.open(events(uid))
    await subscribe(uid, id)
    const seen = await until(() => raw.payloads<Snapshot>().at(-1))
    raw.socket.pause()
    const message = 'x'.repeat(100_000)
    await until(() => {
      transmit.broadcast(seen.channel, { ...seen, message } as never)
      return hub.streams.find(uid)?.isFull
    })
    const after = await within(ROUND, () => !hub.streams.find(uid))
    go.resolve()
    const end = await endOf(id)
    raw.close()
    const again = await RawSocket.open(events(uid))
    await until(() => again.payloads<Snapshot>().at(-1)?.version === end.version)
    again.close()
    return after
  },

  async 'a stock client that finds no room'() {
    const server = await ServerProcess.start({ MAX_STREAMS: '1' })
    const { id } = await start(server.url, { steps: 1, stepMs: 60_000 })
    const first = await RawSocket.open(`${server.url}/__transmit/events?uid=${randomUUID()}`)
    const stock = new NaiveClient(server.url)
    const watching = stock.watch(id)
    await until(() => stock.connections === 1)
    // As it would on `connected`, where it does not ask until its stream is there.
    const subscribed = await subscribe(stock.transmit.uid, id, server.url)
    first.close()
    const after = await within(ROUND, () => stock.shown?.status === 'processing')
    await watching
    stock.close()
    await server.dispose()
    return { status: subscribed.status, after, hasGivenUp: stock.hasGivenUp }
  },
}

test.group('With nobody’s help, a server', (group) => {
  group.each.timeout(60_000)
  let told: { [Name in keyof typeof stories]: ReturnType<(typeof stories)[Name]> }

  group.setup(async () => {
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(10)
      await go.promise
    })
    told = {
      'a quiet task': stories['a quiet task'](id),
      'a task that reports nothing': stories['a task that reports nothing'](id),
      'a stream without a task': stories['a stream without a task'](),
      'a watchdog': stories['a watchdog'](id),
      'a proxy that holds back bodies': stories['a proxy that holds back bodies'](id),
      'a reader that stops': stories['a reader that stops'](),
      'a stock client that finds no room': stories['a stock client that finds no room'](),
    }
    const all = Promise.allSettled(Object.values(told))
    return async () => {
      await all
      go.resolve()
      await endOf(id)
    }
  })

  test('tells the newest snapshot again every 15 s, on each kind of stream', async ({ assert }) => {
    const { raw, one, line, after } = await told['a quiet task']
    assert.isBelow(after, ROUND)
    assert.deepEqual(raw.at(-1), raw[0])
    assert.deepEqual(one.at(-1), one[0])
    assert.equal(line.at(-1), line[1])
  })

  test('tells that a task has gone quiet when it has reported nothing for 30 s', async ({
    assert,
  }) => {
    const { version, health, last, after } = await told['a task that reports nothing']
    assert.equal(health, 'active')
    assert.containsSubset(last, { health: 'quiet', progress: 10, version: version + 1 })
    assert.isBelow(after, QUIET)
  })

  test('says on a stream of Transmit that it has nothing to say', async ({ assert }) => {
    const { text, after } = await told['a stream without a task']
    assert.isBelow(after, ROUND)
    assert.match(text, /retry: \d+\n\ndata: {"channel":"\$\$transmit\/ping","payload":{}}\n\n$/)
  })

  test('gives the watchdogs of healthy lines no reason to cut them', async ({ assert }) => {
    assert.equal(await told['a watchdog'], 0)
  })

  test('cuts a reader that takes nothing for 30 s, which catches up when it returns', async ({
    assert,
  }) => {
    const after = await told['a reader that stops']
    assert.isAbove(after, 29_000)
    assert.isBelow(after, 34_000)
  })

  test('gives a stock client that found no room its stream after 30 s, and what it asked for', async ({
    assert,
  }) => {
    const { status, after, hasGivenUp } = await told['a stock client that finds no room']
    assert.equal(status, 204)
    assert.isAbove(after, 29_000)
    assert.isBelow(after, 34_000)
    assert.isFalse(hasGivenUp)
  })

  test('is polled when a stream says nothing for 10 s from the start', async ({ assert }) => {
    const { progress, after } = await told['a proxy that holds back bodies']
    assert.equal(progress, 10)
    assert.isAbove(after, 9000)
    assert.isBelow(after, 20_000)
  })
})
