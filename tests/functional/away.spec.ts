import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import app from '@adonisjs/core/services/app'
import { randomUUID } from 'node:crypto'
import { RawStream } from '#tests/helpers/sse'
import { RawSocket } from '#tests/helpers/raw_socket'
import { resolveOwnerBy } from '#start/owner'
import { startScript } from '#tests/helpers/scripted'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { deferred, endOf, until } from '#tests/helpers/waiting'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

function post(action: 'subscribe' | 'unsubscribe' | 'unsubscribe/', body: object, owner = 'local') {
  return fetch(`${base()}/__transmit/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-owner': owner },
    body: JSON.stringify(body),
  })
}

/** A task that stands at 10 % until it may go on. */
async function halted() {
  const go = deferred()
  const id = await startScript(async (task) => {
    task.progress(10)
    await go.promise
  })
  return { id, channel: `long-task/${id}`, go: () => go.resolve() }
}

/** A stream that was subscribed to a task and is lost. */
async function lost() {
  const uid = randomUUID()
  const task = await halted()
  const stream = await RawStream.open(base(), uid)
  await stream.subscribe(task.id)
  await stream.until(task.id, ({ progress }) => progress === 10)
  stream.close()
  const hub = await app.container.make(Hub)
  await until(() => !hub.streams.find(uid))
  return { uid, ...task }
}

test.group('While its stream is lost, a client', (group) => {
  group.each.setup(() => resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))

  test('unsubscribes: it is not told of that task when it is back: {$self}')
    .with(['unsubscribe', 'unsubscribe/'] as const)
    .run(async ({ assert, cleanup }, action) => {
      const { uid, id, channel, go } = await lost()
      assert.equal((await post(action, { uid, channel })).status, 204)
      const back = await RawStream.open(base(), uid)
      cleanup(() => back.close())
      go()
      await endOf(id)
      const marker = await startScript(async () => {})
      await back.subscribe(marker)
      await back.until(marker, ({ status }) => status === 'completed')
      assert.lengthOf(back.of(id), 0)
    })

  test('subscribes: it is told when it is back', async ({ assert, cleanup }) => {
    const { uid, go } = await lost()
    const other = await halted()
    assert.equal((await post('subscribe', { uid, channel: other.channel })).status, 204)
    assert.equal((await post('subscribe', { uid, channel: 'long-task/42' })).status, 400)
    const back = await RawStream.open(base(), uid)
    cleanup(() => back.close())
    await back.until(other.id, ({ progress }) => progress === 10)
    for (const end of [go, other.go]) end()
    await back.until(other.id, ({ status }) => status === 'completed')
  })

  test('subscribes for the first time: it is told when it is back', async ({ assert, cleanup }) => {
    const uid = randomUUID()
    const stream = await RawStream.open(base(), uid)
    const hub = await app.container.make(Hub)
    await until(() => hub.streams.find(uid))
    stream.close()
    await until(() => !hub.streams.find(uid))
    const { id, channel, go } = await halted()
    const answer = await post('subscribe', { uid, channel })
    assert.equal(answer.status, 204)
    assert.equal((await post('subscribe', { uid, channel }, 'mallory')).status, 404)
    const back = await RawStream.open(base(), uid)
    cleanup(() => back.close())
    await back.until(id, ({ progress }) => progress === 10)
    go()
    await back.until(id, ({ status }) => status === 'completed')
  })

  test('subscribes to no more than 1,000 tasks', async ({ assert }) => {
    const { uid, go } = await lost()
    go()
    const channels = Array.from({ length: 1005 }, () => `long-task/${randomUUID()}`)
    const answers = await Promise.all(
      channels.map((channel) => post('subscribe', { uid, channel }))
    )
    assert.lengthOf(
      answers.filter(({ status }) => status === 204),
      999
    )
    assert.lengthOf(
      answers.filter(({ status }) => status === 429),
      6
    )
  })

  test('is known to nobody else, and a uid that nobody has to nobody', async ({ assert }) => {
    const { uid, channel, go } = await lost()
    go()
    for (const action of ['subscribe', 'unsubscribe'] as const) {
      assert.equal((await post(action, { uid, channel }, 'mallory')).status, 404)
      assert.equal((await post(action, { uid: randomUUID(), channel })).status, 404)
    }
  })
})

test.group('Two owners', (group) => {
  group.each.setup(() => resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))

  test('the unmodified client whose uid somebody else knows goes on undisturbed', async ({
    assert,
    cleanup,
  }) => {
    const victim = new NaiveClient(base())
    cleanup(() => victim.close())
    const { id, channel, go } = await halted()
    const foreign = await halted()
    await victim.watch(id)
    await until(() => victim.shown?.progress === 10)

    const { uid } = victim.transmit
    const thief = await RawSocket.open(`${base()}/__transmit/events?uid=${uid}`, {
      'x-owner': 'mallory',
    })
    cleanup(() => thief.close())
    assert.equal(thief.status, 409)
    for (const action of ['subscribe', 'unsubscribe'] as const) {
      assert.equal((await post(action, { uid, channel }, 'mallory')).status, 404)
      assert.equal((await post(action, { uid, channel: foreign.channel }, 'mallory')).status, 404)
    }
    for (const end of [go, foreign.go]) end()
    await until(() => victim.shown?.status === 'completed')
    assert.isTrue(victim.seen.every((snapshot) => snapshot.id === id))
    assert.equal(victim.connections, 1)
    assert.notInclude(thief.text, id)
  })
})
