import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, loadedRows, startImport } from '#tests/helpers/import_file'

const ROWS = 60_000

async function start(url: string, input: object): Promise<Response> {
  return fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input }),
  })
}

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}/progress`)).json()) as Snapshot
}

/** Mounts a disk of 1 MiB. `null` where this machine doesn't allow that. */
async function smallDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    await rm(folder, { recursive: true })
    return null
  }
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
    const disk = await smallDisk()
    if (disk === null) {
      process.stdout.write('    not run: this machine does not let the test mount a small disk\n')
      return
    }
    const server = await ServerProcess.start({ STORAGE_PATH: disk })
    cleanup(async () => {
      await server.dispose()
      execFileSync('umount', [disk])
      await rm(disk, { recursive: true })
    })
    const form = new FormData()
    form.append('type', 'import-csv')
    form.append('input', '{"dataset":"full"}')
    form.append('file', new File(['a,b\n', 'x'.repeat(3 * 1024 * 1024)], 'a.csv'))
    const answer = await fetch(`${server.url}/tasks`, { method: 'POST', body: form })
    assert.equal(answer.status, 507)
    assert.containsSubset(await answer.json(), { code: 'storage-full' })
    const left = await readdir(disk, { recursive: true, withFileTypes: true })
    assert.lengthOf(
      left.filter((entry) => entry.isFile()),
      0
    )
    const list = (await (await fetch(`${server.url}/tasks`)).json()) as { data: unknown[] }
    assert.lengthOf(list.data, 0)
    const { id } = await startImport(server.url, 'a,b\n1,2\n')
    await until(async () => (await look(server.url, id)).status === 'completed')
  })
})
