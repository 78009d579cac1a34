import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import app from '@adonisjs/core/services/app'
import { randomUUID } from 'node:crypto'
import { base, send } from '#tests/helpers/http'
import { RawSocket } from '#tests/helpers/raw_socket'
import { RawExchange } from '#tests/helpers/raw_exchange'
import { OneRequest } from '#tests/helpers/one_request'
import type { Snapshot } from '#engine/snapshot'
import { longAgo, stored } from '#tests/helpers/stored'
import { startScript, theEngine } from '#tests/helpers/scripted'
import { resolveOwnerBy } from '#start/owner'
import transmit from '@adonisjs/transmit/services/main'
import { deferred, endOf, turns, until } from '#tests/helpers/waiting'

function post(action: 'subscribe' | 'unsubscribe', body: object, owner = 'local') {
  return fetch(`${base()}/__transmit/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-owner': owner },
    body: JSON.stringify(body),
  })
}

/** A stream of Transmit that is subscribed to nothing yet. */
async function opened(cleanup: (handler: () => void) => void, owner = 'local') {
  const uid = randomUUID()
  const raw = await RawSocket.open(`${base()}/__transmit/events?uid=${uid}`, { 'x-owner': owner })
  cleanup(() => raw.close())
  const { streams } = await app.container.make(Hub)
  /** Settles when all has come that it was sent before. */
  const caughtUp = async () => {
    const mark = randomUUID()
    const json = JSON.stringify({ tasks: [], removed: [mark] })
    streams.find(uid)?.send('long-tasks', { version: null, json, snapshot: null })
    await until(() => raw.text.includes(mark))
  }
  return { uid, raw, caughtUp }
}

/** A task that stands at 10 % until the test is over. */
async function halted(cleanup: (handler: () => void) => void) {
  const go = deferred()
  cleanup(() => go.resolve())
  const id = await startScript(async (task) => {
    task.progress(10)
    await go.promise
  })
  return { id, channel: `long-task/${id}` }
}

/** Has the engine read the task only when it may, and counts how often it has begun and ended. */
async function readLate(id: string, cleanup: (handler: () => void) => void) {
  const engine = await theEngine()
  const { cutsOf } = engine
  const go = deferred()
  const reads = { begun: 0, ended: 0, go: () => go.resolve() }
  engine.cutsOf = async (ids) => {
    if (!ids.includes(id)) return cutsOf.call(engine, ids)
    reads.begun++
    await go.promise
    const cuts = await cutsOf.call(engine, ids)
    reads.ended++
    return cuts
  }
  cleanup(() => void Reflect.deleteProperty(engine, 'cutsOf'))
  return reads
}

test.group('Whoever unsubscribes', (group) => {
  group.each.timeout(15_000)

  for (const [when, hasEcho] of [
    ['from the list', true],
    ['from the list before that is told once more', false],
  ] as const) {
    test(`${when} gets nothing of it any more`, async ({ assert, cleanup }) => {
      const [{ uid, raw, caughtUp }, other] = [await opened(cleanup), await opened(cleanup)]
      const list = { uid, channel: 'long-tasks' }
      await post('subscribe', list)
      // The list, and its echo.
      if (hasEcho) await until(() => raw.payloads().length >= 2)
      await post('unsubscribe', list)
      await post('subscribe', { ...list, uid: other.uid })
      await until(() => other.raw.payloads().length >= 2)
      const ids: string[] = []
      // As the second is told to others, the first was told to all.
      for (let made = 0; made < 2; made++) {
        const id = await startScript(async () => {})
        ids.push(id)
        await endOf(id)
        await until(() => other.raw.text.includes(id))
      }
      await caughtUp()
      for (const id of ids) assert.notInclude(raw.text, id)
    })
  }

  test('while the snapshot is read is not told it', async ({ assert, cleanup }) => {
    const { uid, raw, caughtUp } = await opened(cleanup)
    const { id, channel } = await halted(cleanup)
    const reads = await readLate(id, cleanup)
    await post('subscribe', { uid, channel })
    await until(() => reads.begun > 0)
    await post('unsubscribe', { uid, channel })
    reads.go()
    await until(() => reads.ended === reads.begun)
    await turns(1)
    await caughtUp()
    assert.notInclude(raw.text, id)
  })
})

test.group('A task that is gone', (group) => {
  group.each.timeout(15_000)

  test('ends a stream that opened as it went', async ({ assert, cleanup }) => {
    const { id } = await halted(cleanup)
    const engine = await theEngine()
    const { cutsOf } = engine
    engine.cutsOf = async (ids) =>
      cutsOf.call(
        engine,
        ids.filter((each) => each !== id)
      )
    cleanup(() => void Reflect.deleteProperty(engine, 'cutsOf'))
    const one = await OneRequest.open(`${base()}/tasks/${id}/events`)
    cleanup(() => one.close())
    await one.ended
    assert.lengthOf(one.events, 0)
  })

  test('has no subscribers', async ({ assert, cleanup }) => {
    const { uid, raw } = await opened(cleanup)
    const id = await startScript(async () => {})
    await endOf(id)
    const channel = `long-task/${id}`
    await post('subscribe', { uid, channel })
    await until(() => raw.payloads().length > 0)
    assert.deepEqual(transmit.getSubscribersFor(channel), [uid])
    assert.equal((await send('DELETE', `/tasks/${id}`)).status, 204)
    assert.deepEqual(transmit.getSubscribersFor(channel), [])
  })
})

test.group('Whoever watches', (group) => {
  group.each.timeout(15_000)
  group.each.setup(() => resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))

  test('a task that he may not see gets nothing of what is broadcast of it', async ({
    assert,
    cleanup,
  }) => {
    const { uid, raw, caughtUp } = await opened(cleanup, 'eve')
    const { id: model } = await halted(cleanup)
    const snapshot = (await send('GET', `/tasks/${model}/progress`)).body
    const id = randomUUID()
    const channel = `long-task/${id}`
    assert.equal((await post('subscribe', { uid, channel }, 'eve')).status, 204)
    const hub = await app.container.make(Hub)
    hub.broadcast(channel, { ...snapshot, id, channel })
    await caughtUp()
    assert.notInclude(raw.text, id)
  })

  test('has at most 1,000 channels, also where it takes a while to decide on each', async ({
    assert,
    cleanup,
  }) => {
    const { uid } = await opened(cleanup)
    const { streams } = await app.container.make(Hub)
    const manager = transmit.getManager()
    const { verifyAccess } = manager
    const decide = deferred()
    manager.verifyAccess = async (...args) => {
      await decide.promise
      return verifyAccess.apply(manager, args)
    }
    cleanup(() => void Reflect.deleteProperty(manager, 'verifyAccess'))
    const answers = Array.from({ length: 1020 }, () =>
      post('subscribe', { uid, channel: `long-task/${randomUUID()}` })
    )
    await until(() => (streams.find(uid)?.joining ?? 0) >= 1000)
    decide.resolve()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    assert.lengthOf(
      statuses.filter((status) => status === 204),
      1000
    )
  })

  test('a task that ended long ago is told that again once, not in every round', async ({
    assert,
    cleanup,
  }) => {
    const { uid, raw, caughtUp } = await opened(cleanup)
    const id = await stored({ owner: 'local', status: 'completed', finished_at: longAgo })
    await post('subscribe', { uid, channel: `long-task/${id}` })
    const told = () => raw.payloads<Snapshot>().filter((snapshot) => snapshot.id === id).length
    // With its echo.
    await until(() => told() >= 2)
    const before = told()
    const hub = await app.container.make(Hub)
    for (let second = 0; second < 5 * 15; second++) await hub.repeat()
    await caughtUp()
    // Care of its own may have begun a round just then.
    assert.isAtMost(told() - before, 2)
  })
})

test.group('A stream that is asked for behind another request of its connection', (group) => {
  group.each.timeout(15_000)

  for (const [name, pathOf] of [
    ['of a task', (id: string) => `/tasks/${id}/events`],
    ['of Transmit', () => `/__transmit/events?uid=${randomUUID()}`],
  ] as const) {
    test(`is to be asked for again at once: one ${name}`, async ({ assert, cleanup }) => {
      const { id } = await halted(cleanup)
      await until(async () => (await (await theEngine()).cutOf(id))?.snapshot.progress === 10)
      const { headers } = await send('GET', `/tasks/${id}/progress`)
      const exchange = await RawExchange.open()
      cleanup(() => void exchange.socket.destroy())
      const wait = `Prefer: wait=1\r\nIf-None-Match: ${headers.get('etag')}\r\n`
      exchange.socket.write(
        `GET /tasks/${id}/progress HTTP/1.1\r\nHost: localhost\r\n${wait}\r\n` +
          `GET ${pathOf(id)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
      )
      await exchange.ended()
      assert.match(exchange.text, /^HTTP\/1\.1 304 [^]*HTTP\/1\.1 200 [^]*retry: 0\n\n/)
    })
  }
})
