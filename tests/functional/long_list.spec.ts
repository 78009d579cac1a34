import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import app from '@adonisjs/core/services/app'
import { randomUUID } from 'node:crypto'
import { start } from '#tests/helpers/remote'
import { RawSocket } from '#tests/helpers/raw_socket'
import { resolveOwnerBy } from '#start/owner'
import type { Snapshot } from '#engine/snapshot'
import { ServerProcess } from '#tests/helpers/server_process'
import { endOf, until } from '#tests/helpers/waiting'
import { scriptInput, startScript, theEngine } from '#tests/helpers/scripted'

const QUEUED = 1100

/** A stream that is subscribed to the list, if not at the first try. */
async function listOf(
  url: string,
  headers: Record<string, string> = {}
): Promise<RawSocket & { uid: string }> {
  const uid = randomUUID()
  const raw = await RawSocket.open(`${url}/__transmit/events?uid=${uid}`, headers)
  for (const action of ['subscribe', 'unsubscribe', 'subscribe']) {
    await fetch(`${url}/__transmit/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ uid, channel: 'long-tasks' }),
    })
  }
  return Object.assign(raw, { uid })
}

const told = (raw: RawSocket) =>
  raw.payloads<{ tasks?: Snapshot[] }>().flatMap(({ tasks = [] }) => tasks)

test.group('Whoever subscribes to the list', () => {
  test('is told all live tasks, however many, in the frames and at the pace of all news', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: '', TASK_CONCURRENCY: '1' })
    cleanup(() => server.dispose())
    const ids = new Set<string>()
    while (ids.size <= QUEUED) {
      const some = Array.from({ length: 100 }, () =>
        start(server.url, { steps: 2, stepMs: 60_000 })
      )
      for (const { id } of await Promise.all(some)) ids.add(id)
    }
    const since = performance.now()
    const raw = await listOf(server.url)
    cleanup(() => raw.close())
    await until(() => new Set(told(raw).map(({ id }) => id)).size === ids.size)
    const frames = raw.text.split('\n\n').filter((text) => text.startsWith('data: '))
    assert.isAtMost(Math.max(...frames.map((frame) => Buffer.byteLength(frame))), 65_536)
    assert.isAtMost(frames.length, (performance.now() - since) / 250 + 3)
  })

  test('is told the 50 newest of those that have ended', async ({ assert, cleanup }) => {
    cleanup(resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))
    const engine = await theEngine()
    const owner = randomUUID()
    const ids: string[] = []
    for (let made = 0; made < 60; made++) {
      const input = scriptInput(async () => {})
      ids.push((await engine.start({ owner, type: 'scripted', input })).task.cut.id)
    }
    await Promise.all(ids.map(endOf))
    const raw = await listOf(`http://${process.env.HOST}:${process.env.PORT}`, { 'x-owner': owner })
    cleanup(() => raw.close())
    // What is told at first, and its echo.
    await until(() => raw.payloads().length >= 2)
    assert.sameMembers([...new Set(told(raw).map(({ id }) => id))], ids.slice(10))
  })
})

test.group('Whoever has the list and stops reading', () => {
  test('is told the end of every task when he reads again', async ({ assert, cleanup }) => {
    const url = `http://${process.env.HOST}:${process.env.PORT}`
    const [slow, quick] = [await listOf(url), await listOf(url)]
    cleanup(() => [slow, quick].forEach((raw) => raw.close()))
    await until(() => slow.payloads().length > 0 && quick.payloads().length > 0)

    const hub = await app.container.make(Hub)
    const stream = hub.streams.find(slow.uid)
    assert.exists(stream)
    slow.socket.pause()
    // More than the kernel holds for a connection.
    const removed = Array.from({ length: 1500 }, () => randomUUID())
    const json = JSON.stringify({ tasks: [], removed })
    await until(() => {
      stream?.send('long-tasks', { version: null, json, snapshot: null })
      return stream?.isFull
    })

    const ids: string[] = []
    // Each has a frame of its own, which the next must not replace.
    for (let made = 0; made < 5; made++) {
      const id = await startScript(async () => {})
      ids.push(id)
      await until(() => told(quick).some((task) => task.id === id && task.status === 'completed'))
    }
    assert.isTrue(stream?.isFull)
    assert.isFalse(ids.some((id) => slow.text.includes(id)))
    slow.socket.resume()
    const ends = () => told(slow).flatMap(({ id, status }) => (status === 'completed' ? id : []))
    await until(() => ids.every((id) => ends().includes(id)))
    slow.close()
    await until(() => !hub.streams.find(slow.uid))
  })
})
