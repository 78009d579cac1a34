import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { readdir } from 'node:fs/promises'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, loadedRows, startImport } from '#tests/helpers/import_file'

test.group('Retention', () => {
  test('a finished task goes with its file and its bad lines, its rows stay, its id stays taken', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ TASK_RETENTION: '1s' })
    cleanup(() => server.dispose())
    const { id } = await startImport(server.url, difficultCsv(2000))
    const running = await fetch(`${server.url}/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'simulate', input: { steps: 100_000 } }),
    })
    await until(async () => (await fetch(`${server.url}/tasks/${id}`)).status === 410)

    const gone = await fetch(`${server.url}/tasks/${id}/progress`)
    assert.equal(gone.status, 410)
    assert.containsSubset(await gone.json(), { code: 'task-gone' })
    const again = await startImport(server.url, 'a\n1\n', id).catch((error) => String(error))
    assert.include(again, '410')
    assert.equal(loadedRows(server.folder, id).count, 2000)
    const table = new SQLite(join(server.folder, 'db.sqlite3'), { readonly: true })
    cleanup(() => void table.close())
    assert.equal(table.prepare('select count(*) from dataset_rejects').pluck().get(), 0)
    await until(async () => {
      const files = await readdir(join(server.folder, 'storage/uploads'))
      return files.length === 0
    })
    const { links } = (await running.json()) as { links: { self: string } }
    assert.equal((await fetch(`${server.url}${links.self}`)).status, 200)
  })

  test('a file that a killed process stored for no task goes at the next start', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'kill_at', KILL_AT: 'after-keep' })
    cleanup(() => server.dispose())
    const uploads = join(server.folder, 'storage/uploads')
    await startImport(server.url, 'a\n1\n').catch(() => {})
    await server.exited
    assert.lengthOf(await readdir(uploads), 1)

    await server.restart({ KILL_AT: '' })
    assert.deepEqual(await readdir(uploads), [])
  })

  test('a file that a living process has just stored stays when another one starts', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({
      LOAD_HELPERS: 'kill_at',
      KILL_AT: 'after-keep',
      KILL_SIGNAL: 'SIGSTOP',
    })
    cleanup(() => server.dispose())
    const starting = startImport(server.url, 'a\n1\n')
    const uploads = join(server.folder, 'storage/uploads')
    await until(async () => (await readdir(uploads)).length === 1)
    const other = await ServerProcess.start({
      SQLITE_PATH: join(server.folder, 'db.sqlite3'),
      STORAGE_PATH: join(server.folder, 'storage'),
    })
    cleanup(() => other.dispose())
    assert.lengthOf(await readdir(uploads), 1)

    process.kill(server.pid, 'SIGCONT')
    const { id } = await starting
    await until(async () => {
      const answer = await fetch(`${server.url}/tasks/${id}`)
      return ((await answer.json()) as { status: string }).status === 'completed'
    })
  })
})
