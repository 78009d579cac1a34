import { test } from '@japa/runner'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'
import { difficultCsv, loadedRows, startImport } from '#tests/helpers/import_file'

const ROWS = 120_000

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
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

    const { id } = await startImport(server.url, csv)
    await client.watch(id)
    for (const share of [0.2, 0.5]) {
      await until(() => loadedRows(server.folder, id).count > share * ROWS)
      await server.restart()
    }
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

  test('after SIGTERM: it waits in the queue, and goes on when the server is back', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const { id } = await startImport(server.url, difficultCsv(ROWS))
    await until(() => loadedRows(server.folder, id).count > 0.2 * ROWS)
    const exit = await server.kill('SIGTERM')
    assert.equal(exit.code, 0)
    const stored = loadedRows(server.folder, id).count
    assert.isBelow(stored, ROWS)

    await server.restart()
    const end = await endOf(server.url, id)
    assert.containsSubset(end, { status: 'completed', current: ROWS, attempt: 2, maxAttempts: 4 })
    assert.equal(loadedRows(server.folder, id).count, ROWS)
    // Nothing jumped: the end of the first run is in the table itself.
    assert.isBelow(end.version, 2 ** 20)
  })

  test('a second SIGTERM ends at once what ignores the first, and the task begins again', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ SHUTDOWN_GRACE: '1h', LOAD_HELPERS: 'extra_types' })
    cleanup(() => server.dispose())
    const answer = await fetch(`${server.url}/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"type":"deaf","input":{"seconds":600}}',
    })
    const { id } = (await answer.json()) as Snapshot
    await until(async () => (await look(server.url, id)).status === 'processing')
    void server.kill('SIGTERM')
    // Signals within half a second count as one.
    const since = performance.now()
    await until(() => performance.now() - since > 1000)
    const exit = await server.kill('SIGTERM')
    assert.equal(exit.code, 130)
    await server.restart()
    const task = await until(async () => {
      const snapshot = await look(server.url, id)
      return snapshot.status === 'processing' ? snapshot : null
    })
    assert.containsSubset(task, { attempt: 2, maxAttempts: 3 })
  })
})
