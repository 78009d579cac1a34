import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { test } from '@japa/runner'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, loadedRows, startImport } from '#tests/helpers/import_file'

const ROWS = 120_000
/** Rows and bad lines of a batch. */
const BATCH = 2000

/** Settings of a server that dies in that batch of an import, before it is stored. */
function dieInBatch(batch: number) {
  return { LOAD_HELPERS: 'kill_at', KILL_AT: 'mid-batch', KILL_COUNT: String(batch) }
}

/** What the table holds of an import: where it goes on, and the size of its file. */
function storedImport(folder: string, id: string) {
  const file = new SQLite(join(folder, 'db.sqlite3'), { readonly: true })
  try {
    const row = file
      .prepare(
        `select status, checkpoint -> 'cursor' ->> 'offset' as offset, file ->> 'size' as size
         from tasks where id = ?`
      )
      .get(id)
    return row as { status: string; offset: number; size: number }
  } finally {
    file.close()
  }
}

/** Bytes that a server read of uploads (see read_log.ts). */
function bytesRead(log: string): number {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
}

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
}

function post(url: string, type: string): Promise<Response> {
  const body = JSON.stringify({ type, input: { seconds: 600 } })
  return fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}

async function start(url: string, type: string): Promise<Snapshot> {
  return (await (await post(url, type)).json()) as Snapshot
}

async function endOf(url: string, id: string): Promise<Snapshot> {
  return until(async () => {
    const task = await look(url, id)
    return task.finishedAt ? task : null
  })
}

test.group('An import that is interrupted goes on', () => {
  test('after kill -9, twice: every row is there once, and progress goes on where it was', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    const client = new NaiveClient(server.url)
    cleanup(async () => {
      client.close()
      await server.dispose()
    })
    const csv = difficultCsv(ROWS)
    const whole = await startImport(server.url, csv)
    await endOf(server.url, whole.id)

    // It dies in its 30th batch, and in the 30th after that.
    await server.restart(dieInBatch(30))
    const { id } = await startImport(server.url, csv)
    void client.watch(id)
    await server.exited
    await server.restart()
    await server.exited
    await server.restart({ LOAD_HELPERS: '' })
    const end = await endOf(server.url, id)
    assert.containsSubset(end, { status: 'completed', current: ROWS, attempt: 3, maxAttempts: 5 })
    assert.containsSubset(end.result, { rows: ROWS, rejected: ROWS / 1000 })
    assert.lengthOf((end.result as { rejectedLines: unknown[] }).rejectedLines, ROWS / 1000)
    assert.equal(loadedRows(server.folder, id).count, ROWS)
    assert.equal(loadedRows(server.folder, id).hash, loadedRows(server.folder, whole.id).hash)

    await until(() => client.shown?.status === 'completed')
    const seen = client.seen.map(({ version }) => version)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b)
    )
    // The table may be a second behind what was told; the checkpoint never is.
    const resumed = client.seen.find(({ attempt, current }) => attempt === 3 && current !== null)
    assert.isAbove(resumed?.current ?? 0, 0.2 * ROWS)
  })

  test('what it reads again is less than one batch: the bytes behind the checkpoint, and no more', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start(dieInBatch(50))
    cleanup(() => server.dispose())
    const csv = difficultCsv(ROWS)
    const { id } = await startImport(server.url, csv)
    await server.exited
    const { offset, size } = storedImport(server.folder, id)
    const kept = loadedRows(server.folder, id).count
    assert.equal(kept, 49 * BATCH - Math.floor((49 * BATCH) / 1001))
    assert.equal(size, Buffer.byteLength(csv))

    const log = join(server.folder, 'reads.log')
    await server.restart({ LOAD_HELPERS: 'read_log', READ_LOG: log })
    await endOf(server.url, id)
    assert.equal(bytesRead(log), size - offset)

    await server.restart({ LOAD_HELPERS: '' })
    const whole = await startImport(server.url, csv)
    await endOf(server.url, whole.id)
    assert.equal(loadedRows(server.folder, id).count, ROWS)
    assert.equal(loadedRows(server.folder, id).hash, loadedRows(server.folder, whole.id).hash)
  })

  test('a checkpoint of another shape fails it with bad-checkpoint, and no other attempt is made', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start(dieInBatch(20))
    cleanup(() => server.dispose())
    const { id } = await startImport(server.url, difficultCsv(ROWS))
    await server.exited
    const table = new SQLite(join(server.folder, 'db.sqlite3'))
    table.prepare('update tasks set checkpoint = ? where id = ?').run('{"cursor":{"byte":7}}', id)
    table.close()

    await server.restart({ LOAD_HELPERS: '' })
    const end = await endOf(server.url, id)
    assert.containsSubset(end, { status: 'failed', error: { code: 'bad-checkpoint' }, attempt: 2 })
  })

  test('after SIGTERM: it waits in the queue, and goes on when the server is back', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    await server.restart({ ...dieInBatch(30), KILL_SIGNAL: 'SIGTERM' })
    const { id } = await startImport(server.url, difficultCsv(ROWS))
    const exit = await server.exited
    assert.equal(exit.code, 0)
    const stored = loadedRows(server.folder, id).count
    assert.isBelow(stored, ROWS)
    const { offset, status, size } = storedImport(server.folder, id)
    assert.equal(status, 'queued')

    const log = join(server.folder, 'reads.log')
    await server.restart({ LOAD_HELPERS: 'read_log', READ_LOG: log })
    const end = await endOf(server.url, id)
    assert.containsSubset(end, { status: 'completed', current: ROWS, attempt: 2, maxAttempts: 4 })
    assert.equal(loadedRows(server.folder, id).count, ROWS)
    assert.equal(bytesRead(log), size - offset)
    // Nothing jumped: the end of the first run is in the table itself.
    assert.isBelow(end.version, 2 ** 20)
  })

  test('a second {$self} ends at once what ignores the first, and the task begins again')
    .with(['SIGTERM', 'SIGINT'] as const)
    .run(async ({ assert, cleanup }, signal) => {
      const settings = { SHUTDOWN_GRACE: '1h', LOAD_HELPERS: 'extra_types' }
      const server = await ServerProcess.start(settings)
      cleanup(() => server.dispose())
      const { id } = await start(server.url, 'deaf')
      await until(async () => (await look(server.url, id)).status === 'processing')
      void server.kill(signal)
      await until(async () => (await post(server.url, 'deaf')).status === 503)
      // It has heard the first. Signals within half a second count as one.
      await setTimeout(1000)
      const exit = await server.kill(signal)
      assert.equal(exit.code, 130)
      await server.restart()
      const task = await until(async () => {
        const snapshot = await look(server.url, id)
        return snapshot.status === 'processing' ? snapshot : null
      })
      assert.containsSubset(task, { attempt: 2, maxAttempts: 3 })
    })
})

test.group('A wait for another attempt', () => {
  test('a restart neither shortens nor forgets it', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'extra_types' })
    cleanup(() => server.dispose())
    const waiting = async (type: string) => {
      const { id } = await start(server.url, type)
      return until(async () => {
        const task = await look(server.url, id)
        return task.nextAttemptAt ? task : null
      })
    }
    const slow = await waiting('failing-slowly')
    const soon = await waiting('failing')
    await server.restart()
    const { status, nextAttemptAt } = await look(server.url, slow.id)
    assert.deepEqual(
      { status, nextAttemptAt },
      { status: 'queued', nextAttemptAt: slow.nextAttemptAt }
    )

    const end = await endOf(server.url, soon.id)
    assert.containsSubset(end, { status: 'completed', attempt: 2 })
    assert.isAtLeast(Date.parse(String(end.startedAt)), Date.parse(String(soon.nextAttemptAt)))
    assert.equal((await look(server.url, slow.id)).version, slow.version)
  })
})
