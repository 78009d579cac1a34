import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import db from '@adonisjs/lucid/services/db'
import app from '@adonisjs/core/services/app'
import { Hub } from '#realtime/hub'
import { resolveOwnerBy } from '#start/owner'
import type { Snapshot } from '#engine/snapshot'
import { RawSocket } from '#tests/helpers/raw_socket'
import { OneRequest } from '#tests/helpers/one_request'
import { lock } from '#tests/helpers/locked'
import { startScript, theEngine } from '#tests/helpers/scripted'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { base, filesOf, send, start, startImport } from '#tests/helpers/http'

const forget = (id: string, headers: Record<string, string> = {}) =>
  send('DELETE', `/tasks/${id}`, { headers })

async function finished(): Promise<string> {
  const id = await startScript(async () => 'done')
  await endOf(id)
  return id
}

/** A stream that watches what it is told to. */
async function watch(channels: string[], headers: Record<string, string> = {}): Promise<RawSocket> {
  const uid = randomUUID()
  const raw = await RawSocket.open(`${base()}/__transmit/events?uid=${uid}`, headers)
  for (const channel of channels) {
    const body = JSON.stringify({ uid, channel })
    const json = { 'content-type': 'application/json', ...headers }
    await send('POST', '/__transmit/subscribe', { headers: json, body })
  }
  return raw
}

test.group('Deleting a task', () => {
  test('forgets a finished one with its file and its bad lines; its rows stay', async ({
    assert,
  }) => {
    const dataset = randomUUID()
    const { body } = await startImport({ dataset, content: 'a,b\n1,2\nbad\n' })
    await endOf(body.id)
    const rejects = () => db.from('dataset_rejects').where('task_id', body.id)
    assert.lengthOf(await filesOf(body.id), 1)
    assert.lengthOf(await rejects(), 1)

    const answer = await forget(body.id)
    assert.deepEqual([answer.status, answer.text], [204, ''])
    assert.lengthOf(await db.from('tasks').where('id', body.id), 0)
    assert.lengthOf(await rejects(), 0)
    assert.lengthOf(await filesOf(body.id), 0)
    assert.lengthOf(await db.from('dataset_rows').where('dataset', dataset), 1)
  })

  test('204, and its files are gone, when another process locks the table right after the commit', async ({
    assert,
    cleanup,
  }) => {
    const id = await startScript((task) => task.writeResult('a.txt', 'text/plain', 'a'))
    await endOf(id)
    const files = () => db.from('task_files').where('task_id', id)
    assert.lengthOf(await files(), 1)
    const { left, unlock } = await lock(/^(select|delete) .*`task_files`/, 4)
    cleanup(unlock)
    assert.equal((await forget(id)).status, 204)
    assert.equal(left(), 0)
    assert.isEmpty(await files())
  })

  test('its id stays taken: 410 for its owner, everywhere', async ({ assert }) => {
    const id = await finished()
    await forget(id)
    const answers = [
      await send('GET', `/tasks/${id}`),
      await send('GET', `/tasks/${id}`, { headers: { accept: 'text/event-stream' } }),
      await send('GET', `/tasks/${id}/progress`, { headers: { prefer: 'wait=60' } }),
      await send('GET', `/tasks/${id}/events`),
      await send('POST', `/tasks/${id}/cancel`),
      await send('POST', `/tasks/${id}/retry`),
      await forget(id),
      await start({ id, type: 'simulate' }),
    ]
    for (const { status, body, headers } of answers) {
      assert.deepEqual([status, body.code], [410, 'task-gone'])
      assert.equal(headers.get('content-type'), 'application/problem+json')
    }
    const { body } = await send('GET', '/tasks?limit=100')
    const { data } = body as unknown as { data: Snapshot[] }
    assert.notInclude(
      data.map((task) => task.id),
      id
    )
  })

  test('for others there is no such task, and the id is taken', async ({ assert, cleanup }) => {
    cleanup(resolveOwnerBy(({ request }) => request.header('x-owner') ?? 'local'))
    const id = await finished()
    const eve = { 'x-owner': 'eve' }
    assert.equal((await forget(id, eve)).body.code, 'task-not-found')
    assert.equal((await send('GET', `/tasks/${id}`)).status, 200)
    assert.equal((await forget(id)).status, 204)
    for (const answer of [
      await forget(id, eve),
      await send('GET', `/tasks/${id}`, { headers: eve }),
    ]) {
      assert.deepEqual([answer.status, answer.body.code], [404, 'task-not-found'])
    }
    const taken = await start({ id, type: 'simulate' }, eve)
    assert.deepEqual([taken.status, taken.body.code], [409, 'id-taken'])
  })

  test('one that lives answers 409 and goes on', async ({ assert }) => {
    const go = deferred()
    const id = await startScript(() => go.promise)
    const answer = await forget(id)
    assert.deepEqual([answer.status, answer.body.code], [409, 'task-live'])
    go.resolve()
    assert.equal((await endOf(id)).snapshot.status, 'completed')
    assert.equal((await forget(id)).status, 204)
  })

  test('of many at once one deletes it', async ({ assert }) => {
    const id = await finished()
    const answers = await Promise.all(Array.from({ length: 20 }, () => forget(id)))
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [204, ...Array.from({ length: 19 }, () => 410)])
  })

  test('an unknown one is 404', async ({ assert }) => {
    for (const id of [randomUUID(), '42', '%00']) {
      const answer = await forget(id)
      assert.deepEqual([answer.status, answer.body.code], [404, 'task-not-found'])
    }
  })
})

test.group('Watchers of what is deleted', () => {
  interface List {
    tasks: Snapshot[]
    removed: string[]
  }
  const removedOf = (raw: RawSocket) => raw.payloads<List>().flatMap(({ removed }) => removed ?? [])

  test('lists are told which tasks are gone, those of their owner, and not of them again', async ({
    assert,
    cleanup,
  }) => {
    cleanup(resolveOwnerBy(({ request }) => request.header('x-owner') ?? 'local'))
    const id = await finished()
    const list = await watch(['long-tasks'])
    const spy = await watch(['long-tasks'], { 'x-owner': 'eve' })
    cleanup(() => {
      list.close()
      spy.close()
    })
    const told = () => list.payloads<List>().flatMap(({ tasks }) => tasks)
    await until(() => told().some((task) => task.id === id))
    await forget(id)
    await until(() => removedOf(list).includes(id))

    const after = list.payloads<List>().findIndex(({ removed }) => removed.includes(id))
    const next = await finished()
    await until(() => told().some((task) => task.id === next && task.finishedAt))
    const later = list.payloads<List>().slice(after)
    assert.isFalse(later.some(({ tasks }) => tasks.some((task) => task.id === id)))
    assert.deepEqual(removedOf(list), [id])
    const { body: own } = await start({ type: 'simulate' }, { 'x-owner': 'eve' })
    await until(() => spy.text.includes(own.id))
    assert.deepEqual(removedOf(spy), [])
    await send('POST', own.links.cancel, { headers: { 'x-owner': 'eve' } })
  })

  test('thousands of them come in frames of bounded size', async ({ assert, cleanup }) => {
    const list = await watch(['long-tasks'])
    cleanup(() => list.close())
    await until(() => list.payloads().length > 0)
    const hub = await app.container.make(Hub)
    const ids = Array.from({ length: 4000 }, () => randomUUID())
    hub.forget(ids.map((id) => ({ id, owner: 'local' })))
    await until(() => removedOf(list).length === ids.length)
    assert.sameMembers(removedOf(list), ids)
    const sizes = list.text.split('\n\n').map((frame) => Buffer.byteLength(frame))
    assert.isAtMost(Math.max(...sizes), 65_536)
  })

  test('a stream of it ends, also when this process never heard its end', async ({
    assert,
    cleanup,
  }) => {
    await theEngine()
    const { snapshot } = await endOf(await startScript(async () => {}))
    // As another process leaves it: it waits, and ends without a word to this one.
    const { id } = snapshot
    const set = (row: object) => db.from('tasks').where('id', id).update(row)
    const later = new Date(Date.now() + 3_600_000).toISOString()
    await set({ status: 'queued', finished_at: null, next_attempt_at: later })
    const stream = await OneRequest.open(`${base()}/tasks/${id}/events`)
    const other = await watch([`long-task/${id}`])
    cleanup(() => {
      stream.close()
      other.close()
    })
    await until(() => stream.last?.status === 'queued' && other.payloads().length > 0)
    await set({ status: 'failed', finished_at: new Date().toISOString(), next_attempt_at: null })
    assert.equal((await forget(id)).status, 204)
    await stream.ended
    assert.equal((await fetch(`${base()}/tasks/${id}/events`)).status, 410)
    // The other one has more to watch.
    assert.isFalse(other.closed)
  })
})
