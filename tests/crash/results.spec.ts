import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { gunzipSync } from 'node:zlib'
import { readdir } from 'node:fs/promises'
import { until } from '#tests/helpers/waiting'
import type { LogLine } from '#engine/run_log'
import type { Snapshot } from '#engine/snapshot'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, startImport } from '#tests/helpers/import_file'

const ROWS = 20_000

async function startExport(url: string): Promise<Snapshot> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'export-dataset',
      input: { dataset: 'resumed', format: 'ndjson', gzip: true },
    }),
  })
  return (await answer.json()) as Snapshot
}

async function endOf(url: string, id: string): Promise<Snapshot> {
  return until(async () => {
    const task = (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
    return task.finishedAt ? task : null
  })
}

/** How many files there are below a folder of the storage. */
async function filesIn(server: ServerProcess, name: string): Promise<number> {
  const path = join(server.folder, 'storage', name)
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).length
}

function countIn(server: ServerProcess, table: string): number {
  const file = new SQLite(join(server.folder, 'db.sqlite3'), { readonly: true })
  try {
    return file.prepare(`select count(*) from ${table}`).pluck().get() as number
  } finally {
    file.close()
  }
}

test.group('A result file', () => {
  test('is whole and the only one after kill -9 {$self}')
    .with(['mid-file', 'after-file'])
    .run(async ({ assert, cleanup }, landmark) => {
      const server = await ServerProcess.start()
      cleanup(() => server.dispose())
      const loaded = await startImport(server.url, difficultCsv(ROWS))
      await endOf(server.url, loaded.id)

      await server.restart({ LOAD_HELPERS: 'kill_at', KILL_AT: landmark })
      const { id } = await startExport(server.url)
      await server.exited
      assert.equal(countIn(server, 'task_files'), 1)
      assert.equal(await filesIn(server, landmark === 'mid-file' ? 'incoming' : 'results'), 1)
      await server.restart({ LOAD_HELPERS: '' })
      const end = await endOf(server.url, id)
      assert.containsSubset(end, { status: 'completed', attempt: 2, result: { rows: ROWS } })

      const answer = await fetch(`${server.url}/tasks/${id}/result`)
      const text = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()
      const rows = text.trimEnd().split('\n')
      assert.lengthOf(rows, ROWS)
      assert.equal((JSON.parse(rows[ROWS - 1]) as { id: string }).id, String(ROWS))
      assert.equal(await filesIn(server, 'results'), 1)
      assert.equal(await filesIn(server, 'incoming'), 0)
      assert.equal(countIn(server, 'task_files'), 1)

      const logs = await fetch(`${server.url}/tasks/${id}/logs`)
      const { data } = (await logs.json()) as { data: LogLine[] }
      assert.deepEqual(
        data.map(({ message }) => message),
        ['Attempt 1 was interrupted; another one follows.', 'Attempt 2 begins.']
      )
    })

  test('goes with its task, and so does the log', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const loaded = await startImport(server.url, difficultCsv(100))
    await endOf(server.url, loaded.id)
    const { id } = await startExport(server.url)
    await endOf(server.url, id)
    const failing = await fetch(`${server.url}/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"type":"simulate","input":{"failAt":1,"stepMs":0}}',
    })
    const failed = (await failing.json()) as Snapshot
    await endOf(server.url, failed.id)
    assert.equal(await filesIn(server, 'results'), 1)
    assert.equal(countIn(server, 'task_logs'), 1)

    await server.restart({ TASK_RETENTION: '1s' })
    for (const each of [id, failed.id]) {
      await until(async () => (await fetch(`${server.url}/tasks/${each}/result`)).status === 410)
    }
    await until(() => countIn(server, 'task_files') === 0)
    assert.equal(await filesIn(server, 'results'), 0)
    assert.equal(countIn(server, 'task_logs'), 0)
  })
})
