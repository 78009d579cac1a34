import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { startImport } from '#tests/helpers/import_file'
import { ServerProcess } from '#tests/helpers/server_process'

const body = JSON.stringify({ type: 'simulate', input: { steps: 1, stepMs: 0 } })

async function startWith(server: ServerProcess, key: string): Promise<Snapshot> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const answer = await fetch(`${server.url}/tasks`, { method: 'POST', headers, body })
  if (answer.status !== 202) throw new Error(await answer.text())
  return (await answer.json()) as Snapshot
}

function open(server: ServerProcess): SQLite.Database {
  return new SQLite(join(server.folder, 'db.sqlite3'), { timeout: 5000 })
}

test.group('Forgetting', () => {
  test('a server that dies while it deletes a task has forgotten it all the same', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'kill_at', KILL_AT: 'before-remove' })
    cleanup(() => server.dispose())
    const { id } = await startImport(server.url, 'a\n1\n')
    await until(async () => {
      const answer = await fetch(`${server.url}/tasks/${id}/progress`)
      return ((await answer.json()) as Snapshot).finishedAt
    })
    const killed = fetch(`${server.url}/tasks/${id}`, { method: 'DELETE' })
    assert.isTrue(
      await killed.then(
        () => false,
        () => true
      )
    )
    assert.equal((await server.exited).signal, 'SIGKILL')

    await server.restart({ KILL_AT: '' })
    for (const method of ['GET', 'DELETE']) {
      assert.equal((await fetch(`${server.url}/tasks/${id}`, { method })).status, 410)
    }
    const table = open(server)
    cleanup(() => void table.close())
    assert.equal(table.prepare('select count(*) from tasks').pluck().get(), 0)
  })

  test('old keys are swept', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ TASK_RETENTION: '1s' })
    cleanup(() => server.dispose())
    for (let made = 0; made < 250; made++) await startWith(server, `old-${made}`)
    const table = open(server)
    cleanup(() => void table.close())
    const keys = () => table.prepare('select key from idempotency_keys').pluck().all()
    assert.lengthOf(keys(), 250)
    await startWith(server, 'young')
    const old = `update idempotency_keys set expires_at = ? where key like 'old-%'`
    table.prepare(old).run(new Date().toISOString())
    await until(() => keys().length === 1)
    assert.deepEqual(keys(), ['young'])
  })
})

test.group('Idempotency keys', () => {
  test('a server that is killed while it starts tasks has each under its key, or neither', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const keys = Array.from({ length: 100 }, () => randomUUID())
    const answered = new Map<string, string>()
    const starting = Promise.allSettled(
      keys.map(async (key) => {
        const { id } = await startWith(server, key)
        answered.set(key, id)
      })
    )
    await until(() => answered.size >= 10)
    await server.restart()
    await starting

    const ids = new Set<string>()
    for (const key of keys) {
      const { id } = await startWith(server, key)
      assert.equal(answered.get(key) ?? id, id)
      ids.add(id)
    }
    assert.equal(ids.size, keys.length)
    const table = open(server)
    cleanup(() => void table.close())
    assert.equal(table.prepare('select count(*) from tasks').pluck().get(), keys.length)
  })
})
