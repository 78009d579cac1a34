import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { readdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { until } from '#tests/helpers/waiting'
import { SmallDisk } from '#tests/helpers/small_disk'
import type { Snapshot } from '#engine/snapshot'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, loadedRows, startImport } from '#tests/helpers/import_file'

const ROWS = 60_000

async function start(url: string, input: object, headers: object = {}): Promise<Response> {
  return fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ type: 'simulate', input }),
  })
}

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}/progress`)).json()) as Snapshot
}

test.group('A locked database', () => {
  test('tasks go on, nobody is told what is not stored, and all is written afterwards', async ({
    assert,
    cleanup,
  }) => {
    const probe = pathToFileURL(join(import.meta.dirname, '../helpers/loop_probe.js')).href
    const server = await ServerProcess.start({
      NODE_OPTIONS: `--import=${probe}`,
      LOAD_HELPERS: 'slow_commits',
    })
    cleanup(() => server.dispose())
    const importing = await startImport(server.url, difficultCsv(ROWS))
    const started = await start(server.url, { steps: 200, stepMs: 50 })
    const { id } = (await started.json()) as Snapshot
    await until(() => loadedRows(server.folder, importing.id).count > 0.1 * ROWS)
    await until(async () => ((await look(server.url, id)).current ?? 0) > 2)

    const intruder = new SQLite(join(server.folder, 'db.sqlite3'))
    cleanup(() => void intruder.close())
    await until(() => {
      try {
        intruder.exec('begin exclusive')
        return true
      } catch {
        return false
      }
    })
    await server.ask('stall?')
    const since = performance.now()
    const { current } = await look(server.url, id)
    await until(async () => ((await look(server.url, id)).current ?? 0) >= 190)
    assert.isBelow(current ?? 0, 190)

    // It has counted to its end, which nobody is told before it is stored.
    await until(() => performance.now() - since > 3000)
    assert.equal((await look(server.url, id)).status, 'processing')
    const refused = await start(server.url, { steps: 1, stepMs: 0 })
    assert.equal(refused.status, 503)
    assert.containsSubset(await refused.json(), { code: 'database-unavailable' })
    const { stall } = await server.ask<{ stall: number }>('stall?')
    // A statement that waits for the lock would block for 5 s.
    assert.isBelow(stall, 3000)
    const held = loadedRows(server.folder, importing.id).count

    intruder.exec('rollback')
    await until(async () => (await look(server.url, id)).status === 'completed')
    await until(async () => (await look(server.url, importing.id)).status === 'completed')
    assert.isBelow(held, ROWS)
    assert.equal(loadedRows(server.folder, importing.id).count, ROWS)
    assert.equal((await look(server.url, importing.id)).attempt, 1)
    assert.equal((await start(server.url, { steps: 1, stepMs: 0 })).status, 202)
  })
})

test.group('A full disk', () => {
  test('an upload is refused with 507, and neither a file nor a task is left of it', async ({
    assert,
    cleanup,
  }) => {
    const disk = await SmallDisk.mount('1m')
    if (!disk) return
    const server = await ServerProcess.start({ STORAGE_PATH: disk.folder })
    cleanup(async () => {
      await server.dispose()
      await disk.remove()
    })
    const form = new FormData()
    form.append('type', 'import-csv')
    form.append('input', '{"dataset":"full"}')
    form.append('file', new File(['a,b\n', 'x'.repeat(3 * 1024 * 1024)], 'a.csv'))
    const answer = await fetch(`${server.url}/tasks`, { method: 'POST', body: form })
    assert.equal(answer.status, 507)
    assert.containsSubset(await answer.json(), { code: 'storage-full' })
    const left = await readdir(disk.folder, { recursive: true, withFileTypes: true })
    assert.lengthOf(
      left.filter((entry) => entry.isFile()),
      0
    )
    const list = (await (await fetch(`${server.url}/tasks`)).json()) as { data: unknown[] }
    assert.lengthOf(list.data, 0)
    const { id } = await startImport(server.url, 'a,b\n1,2\n')
    await until(async () => (await look(server.url, id)).status === 'completed')
  })

  test('of the database holds tasks up, and what was accepted or told is stored', async ({
    assert,
    cleanup,
  }) => {
    const disk = await SmallDisk.mount('4m')
    if (!disk) return
    const server = await ServerProcess.start({ SQLITE_PATH: join(disk.folder, 'db.sqlite3') })
    cleanup(async () => {
      await server.dispose()
      await disk.remove()
    })
    const { id } = await startImport(server.url, difficultCsv(ROWS))
    const loaded = () => loadedRows(disk.folder, id).count
    await until(async () => {
      const before = loaded()
      await setTimeout(1000)
      return before > 0 && loaded() === before
    })

    const answers = await Promise.all(
      ['first', 'second', 'third'].map((key) => {
        return start(server.url, { steps: 1, stepMs: 0 }, { 'idempotency-key': key })
      })
    )
    assert.equal((await look(server.url, id)).status, 'processing')
    // A small write may find room that an import doesn't.
    assert.isBelow(loaded(), ROWS)
    disk.grow('400m')
    await until(async () => (await look(server.url, id)).status === 'completed')
    assert.equal(loaded(), ROWS)
    for (const answer of answers) {
      const told = (await answer.json()) as Snapshot & { code: string }
      if (answer.status === 507) assert.equal(told.code, 'storage-full')
      else await until(async () => (await look(server.url, told.id)).status === 'completed')
    }
    assert.equal((await start(server.url, { steps: 1, stepMs: 0 })).status, 202)
  })
})

test.group('A database that is gone for a while', () => {
  test('holds tasks up, and clients are told to come back', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({
      LOAD_HELPERS: 'watch_contract slow_commits database_gone',
    })
    cleanup(() => server.dispose())
    const { url } = server
    const ended = (await (await start(url, { steps: 1, stepMs: 0 })).json()) as Snapshot
    await until(async () => (await look(url, ended.id)).status === 'completed')
    const importing = await startImport(url, difficultCsv(ROWS))
    const counting = (await (await start(url, { steps: 100, stepMs: 30 })).json()) as Snapshot
    await until(() => loadedRows(server.folder, importing.id).count > 0.1 * ROWS)

    await server.ask('gone')
    const before = (await look(url, counting.id)).current ?? 0
    for (const [method, path] of [
      ['GET', `/tasks/${ended.id}`],
      ['GET', `/tasks/${ended.id}/logs`],
      ['GET', '/tasks'],
      ['DELETE', `/tasks/${ended.id}`],
      ['GET', '/datasets'],
      ['POST', `/tasks/${importing.id}/cancel`],
    ] as const) {
      const answer = await fetch(url + path, { method })
      const { code } = (await answer.json()) as { code: string }
      assert.deepEqual([path, answer.status, code], [path, 503, 'database-unavailable'])
      assert.equal(answer.headers.get('retry-after'), '5')
    }
    // An EventSource would give up at anything but 200.
    const stream = await fetch(`${url}/tasks/${ended.id}/events`)
    assert.equal(stream.status, 200)
    assert.match(await stream.text(), /^retry: 1\d{3}\n\n$/)
    // What runs is read from memory.
    await until(async () => ((await look(url, counting.id)).current ?? 0) > before)
    const held = loadedRows(server.folder, importing.id).count
    assert.isBelow(held, ROWS)

    await server.ask('back')
    for (const { id } of [counting, importing]) {
      await until(async () => (await look(url, id)).status === 'completed')
      assert.equal((await look(url, id)).attempt, 1)
    }
    assert.equal(loadedRows(server.folder, importing.id).count, ROWS)
    assert.equal((await look(url, ended.id)).status, 'completed')
  })
})
