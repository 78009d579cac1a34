import { test } from '@japa/runner'
import { execSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { RawSocket } from '#tests/helpers/raw_socket'
import { Proxy } from '#tests/helpers/proxy'
import { connect } from 'node:net'
import { soon, until } from '#tests/helpers/waiting'
import { NaiveClient } from '#tests/helpers/transmit_client'
import type { Snapshot } from '#engine/snapshot'
import { watchTask } from '../../app/page/client.js'
import { ServerProcess } from '#tests/helpers/server_process'

type Cleanup = (handler: () => void | Promise<void>) => void

async function start(cleanup: Cleanup, settings: Record<string, string> = {}) {
  // What is measured here is the server alone.
  const server = await ServerProcess.start({ LOAD_HELPERS: '', ...settings })
  cleanup(() => server.dispose())
  return server
}

async function startTask({ url }: ServerProcess, input: object): Promise<string> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input }),
  })
  return ((await answer.json()) as Snapshot).id
}

async function subscribe({ url }: ServerProcess, uid: string, id: string): Promise<void> {
  await fetch(`${url}/__transmit/subscribe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uid, channel: `long-task/${id}` }),
  })
}

/** Opens many at once; one that the backlog had no room for tries again. */
function openMany(count: number, open: (at: number) => Promise<RawSocket>) {
  const persist = async (at: number): Promise<RawSocket> => {
    const raw = await open(at)
    return raw.status ? raw : persist(at)
  }
  return Promise.all(Array.from({ length: count }, (_, at) => persist(at)))
}

const retryOf = (raw: RawSocket) => Number(/.*retry: (\d+)\n\n$/s.exec(raw.text)?.[1])
const stream = ({ url }: ServerProcess, uid: string) => `${url}/__transmit/events?uid=${uid}`

test.group('Too many streams', () => {
  test('one over a limit gets 200, is sent away for 30 s, and finds room when another has left', async ({
    assert,
    cleanup,
  }) => {
    const server = await start(cleanup, { MAX_STREAMS: '6', MAX_STREAMS_PER_CLIENT: '2' })
    const id = await startTask(server, { steps: 100, stepMs: 1000 })
    const far = (address: string) => ({ 'x-forwarded-for': address })
    const one = () => `${server.url}/tasks/${id}/events`

    const kept = [
      await RawSocket.open(one(), far('203.0.113.1')),
      await RawSocket.open(stream(server, randomUUID()), far('203.0.113.1')),
    ]
    const isOpen = (raw: RawSocket) => !raw.closed && !raw.text.includes('retry: 30000')
    assert.isTrue(kept.every(isOpen))
    for (const url of [one(), stream(server, randomUUID())]) {
      const refused = await RawSocket.open(url, far('203.0.113.1'))
      await until(() => refused.closed)
      assert.equal(refused.status, 200)
      assert.match(refused.text, /\r\n\r\nretry: 30000\n\n$/)
    }
    kept[0].close()
    await until(async () => {
      const again = await RawSocket.open(one(), far('203.0.113.1'))
      if (isOpen(again)) return kept.push(again)
      again.close()
    })

    // This machine has no limit of its own, only that of all.
    kept.push(...(await openMany(4, () => RawSocket.open(one()))))
    assert.isTrue(kept.slice(1).every(isOpen))
    const last = await RawSocket.open(one())
    await until(() => last.closed)
    assert.match(last.text, /\r\n\r\nretry: 30000\n\n$/)
    kept.forEach((raw) => raw.close())
  })
})

test.group('Stopping', () => {
  test('an idle server is gone at once, though a browser holds a connection ready', async ({
    assert,
    cleanup,
  }) => {
    const server = await start(cleanup)
    const { port } = new URL(server.url)
    const ready = connect(Number(port), '127.0.0.1').on('error', () => {})
    cleanup(() => void ready.destroy())
    await fetch(`${server.url}/health`)
    const asked = performance.now()
    assert.deepEqual(await server.kill(), { code: 0, signal: null })
    assert.isBelow(performance.now() - asked, soon(500))
  })

  test('a thousand streams end in good order, and soon', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    const transmit = await openMany(500, () => RawSocket.open(stream(server, randomUUID())))
    const id = await startTask(server, { steps: 1, stepMs: 0 })
    const uids = Array.from({ length: 500 }, () => randomUUID())
    const others = await openMany(500, (at) => RawSocket.open(stream(server, uids[at])))
    await Promise.all(uids.slice(0, 50).map((uid) => subscribe(server, uid, id)))
    // Some of them have stopped reading.
    transmit.slice(0, 20).forEach(({ socket }) => socket.pause())

    const asked = performance.now()
    assert.deepEqual(await server.kill(), { code: 0, signal: null })
    assert.isBelow(performance.now() - asked, soon())
    const all = [...transmit.slice(20), ...others]
    await until(() => all.every((raw) => raw.closed))
    const waits = all.map(retryOf)
    assert.isTrue(waits.every((wait) => wait >= 4000 && wait <= 8000))
    assert.isAbove(new Set(waits).size, 100)
    transmit.forEach((raw) => raw.close())
  })

  test('while a task takes its time to stop, new streams get 200 and are sent away', async ({
    assert,
    cleanup,
  }) => {
    const server = await start(cleanup, {
      NODE_OPTIONS: '--import=./tests/helpers/deaf_tasks.js',
    })
    const id = await startTask(server, { steps: 10, stepMs: 3000 })
    const line = await RawSocket.open(`${server.url}/tasks/${id}`, { accept: 'text/plain' })
    const first = await RawSocket.open(`${server.url}/tasks/${id}/events`)
    await until(() => first.payloads<Snapshot>().at(-1)?.status === 'processing')
    const polls: number[] = []
    const watch = watchTask(`${server.url}/tasks/${id}`, {
      onSnapshot: () => {},
      fetch: async (...request) => {
        const answer = await fetch(...request)
        polls.push(answer.status)
        return answer
      },
    })
    cleanup(() => watch.close())
    await until(() => polls.length > 0)
    const exited = server.kill()
    await until(() => first.closed && line.closed)
    assert.match(line.text, /\nTo be continued: ask again in \d s\.\n$/)

    for (const [url, least] of [
      [`${server.url}/tasks/${id}/events`, 1000],
      [stream(server, randomUUID()), 4000],
    ] as const) {
      const late = await RawSocket.open(url)
      await until(() => late.closed)
      assert.equal(late.status, 200)
      const wait = retryOf(late)
      assert.isTrue(wait >= least && wait <= 2 * least, `retry: ${wait}`)
    }
    assert.isTrue(retryOf(first) >= 1000 && retryOf(first) <= 2000)
    assert.equal((await exited).code, 0)
    // Whoever polls is no longer held, and minds that: once a second at most.
    assert.include(polls, 304)
    assert.isBelow(polls.length, 12)
  })
})

test.group('A reader that stops reading', (group) => {
  group.each.timeout(120_000)

  test('while 200 busy tasks report to it costs the others nothing, and ends on every final state', async ({
    assert,
    cleanup,
  }) => {
    const server = await start(cleanup, {
      TASK_CONCURRENCY: '300',
      LOAD_HELPERS: 'held_probe',
      NODE_OPTIONS: '--import=./tests/helpers/heap_probe.js',
    })
    const proxy = await Proxy.start(server.url)
    const stock = new NaiveClient(proxy.url)
    const uids = [randomUUID(), randomUUID(), stock.transmit.uid]
    const [slow, quick] = await openMany(2, (at) => RawSocket.open(stream(server, uids[at])))
    cleanup(() => {
      for (const each of [slow, quick, stock, proxy]) each.close()
    })
    await until(() => stock.connections === 1)
    const ids: string[] = []
    for (let made = 0; made < 200; made++) {
      const id = await startTask(server, { steps: 1200, stepMs: 10 })
      ids.push(id)
      const subscription = stock.transmit.subscription(`long-task/${id}`)
      subscription.onMessage((snapshot: Snapshot) => stock.seen.push(snapshot))
      await Promise.all(uids.map((uid) => subscribe(server, uid, id)))
    }
    slow.socket.pause()
    const goOn = proxy.stall()
    const ages: number[] = []
    quick.socket.on('data', (chunk: string) => {
      for (const [, at] of chunk.matchAll(/"updatedAt":"(\S{24})"/g)) {
        ages.push(Date.now() - Date.parse(at))
      }
    })
    const before = await server.ask<{ heap: number; external: number }>('heap?')
    const from = quick.text.length
    // More than the kernel holds for a connection.
    await until(() => quick.text.length - from > 14_000_000)
    // Far more was held back than one frame a task for each of both: frames were conflated.
    assert.isAbove(await server.ask<number>('held?'), 20 * ids.length)
    const after = await server.ask<{ heap: number; external: number }>('heap?')
    const growth = after.heap + after.external - before.heap - before.external
    assert.isBelow(growth, 5_000_000)
    // Nobody else waits for it.
    assert.isAbove(ages.length, 10_000)
    assert.isBelow(Math.max(...ages), soon())

    const newest = (raw: RawSocket) =>
      new Map(raw.payloads<Snapshot>().map((snapshot) => [snapshot.id, snapshot]))
    const areOver = (raw: RawSocket) => {
      const shown = newest(raw)
      return ids.every((id) => shown.get(id)?.status === 'completed')
    }
    const ends = (raw: RawSocket) => raw.text.match(/"status":"completed"/g)?.length ?? 0
    await until(() => ends(quick) >= ids.length && areOver(quick))
    const missed = quick.payloads().length
    slow.socket.resume()
    goOn()
    await until(() => ends(slow) >= ids.length && areOver(slow))
    const shown = () => new Map(stock.seen.map(({ id, status }) => [id, status]))
    await until(() => ids.every((id) => shown().get(id) === 'completed'))
    assert.equal(stock.connections, 1)
    assert.isBelow(stock.seen.length, missed * 0.9)

    // Frames were conflated, for the one that did not read only.
    assert.isBelow(slow.payloads().length, missed * 0.9)
    const gaps = (raw: RawSocket, id: string) => {
      const versions = raw.payloads<Snapshot>().flatMap((s) => (s.id === id ? s.version : []))
      return versions.some((version, at) => at > 0 && version > versions[at - 1] + 1)
    }
    assert.isTrue(ids.slice(0, 5).every((id) => gaps(slow, id)))
    assert.isFalse(ids.slice(0, 5).some((id) => gaps(quick, id)))
  })
})

const files = Number(
  execSync('ulimit -n', { shell: '/bin/sh' }).toString().replace('unlimited', '1e9')
)
const WATCHERS = 5000
/** Of them all, the unmodified clients. */
const STOCK = 300

test.group('A crowd that comes back', (group) => {
  group.each.timeout(180_000)

  test('5,000 watchers that are cut and reconnect at once end on the newest state', async ({
    assert,
    cleanup,
  }) => {
    const server = await start(cleanup)
    const id = await startTask(server, { steps: 1_000_000, stepMs: 100 })
    const uids = Array.from({ length: WATCHERS / 5 }, () => randomUUID())
    // One in five over Transmit, with its subscription; the others in one request.
    const address = (at: number) =>
      uids[at] ? stream(server, uids[at]) : `${server.url}/tasks/${id}/events`
    const first = await openMany(WATCHERS - STOCK, (at) => RawSocket.open(address(at)))
    for (const uid of uids) await subscribe(server, uid, id)
    // Those whose clients are unmodified come back by themselves.
    const proxy = await Proxy.start(server.url)
    const stock = Array.from({ length: STOCK }, () => new NaiveClient(proxy.url))
    cleanup(() => {
      for (const each of [...stock, proxy]) each.close()
    })
    await Promise.all(stock.map((client) => client.watch(id)))
    await until(() => first.every((raw) => raw.payloads().length > 0))

    proxy.cut()
    first.forEach((raw) => raw.close())
    const since = performance.now()
    const second = await openMany(WATCHERS - STOCK, (at) => RawSocket.open(address(at)))
    cleanup(() => second.forEach((raw) => raw.close()))
    const back = performance.now() - since
    await until(() => stock.every(({ connections }) => connections > 1))
    await fetch(`${server.url}/tasks/${id}/cancel`, { method: 'POST' })
    const last = (raw: RawSocket) => raw.payloads<Snapshot>().at(-1)
    await until(() => second.every((raw) => raw.text.includes('"status":"cancelled"')))
    const answer = await fetch(`${server.url}/tasks/${id}`)
    const { version } = (await answer.json()) as Snapshot
    assert.isTrue(second.every((raw) => last(raw)?.version === version))
    await until(() => stock.every(({ shown }) => shown?.version === version))
    assert.isFalse(stock.some(({ hasGivenUp }) => hasGivenUp))
    assert.isBelow(back, 60_000)
  }).skip(files < 2 * WATCHERS + 1500, `the limit of open files is ${files}, 11,500 are needed`)
})
