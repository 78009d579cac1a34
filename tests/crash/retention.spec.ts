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
})
