import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from '@japa/runner'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { ServerProcess } from '#tests/helpers/server_process'

async function start(url: string, type: string, input: object): Promise<Snapshot> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type, input }),
  })
  return (await answer.json()) as Snapshot
}

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
}

/** Two servers on one database. */
async function pair(cleanup: (dispose: () => Promise<void>) => void) {
  const settings = { LOAD_HELPERS: 'extra_types' }
  const first = await ServerProcess.start(settings)
  cleanup(() => first.dispose())
  const second = await ServerProcess.start({
    ...settings,
    SQLITE_PATH: join(first.folder, 'db.sqlite3'),
    STORAGE_PATH: join(first.folder, 'storage'),
  })
  cleanup(() => second.dispose())
  const table = new SQLite(join(first.folder, 'db.sqlite3'), { readonly: true })
  cleanup(async () => void table.close())
  return { first, second, table }
}

/** The process that runs a task, by the table. */
function pidOfRunner(table: SQLite.Database, id: string): unknown {
  const runner = 'select pid from runners where id = (select runner_id from tasks where id = ?)'
  return table.prepare(runner).pluck().get(id)
}

const long = { steps: 100_000, stepMs: 20 }

test.group('Two processes on one database', () => {
  test('never run the same task', async ({ assert, cleanup }) => {
    const { first, second, table } = await pair(cleanup)
    const urls = [first.url, second.url]
    await Promise.all(
      Array.from({ length: 200 }, (_, made) =>
        start(urls[made % 2], 'simulate', { steps: 5, stepMs: 10 })
      )
    )
    const count = table.prepare('select count(*) from tasks where status = ?').pluck()
    await until(() => count.get('completed') === 200)
    const twice = 'select count(*) from tasks where claim <> 1 or attempt <> 1'
    assert.equal(table.prepare(twice).pluck().get(), 0)
    const runners = table.prepare('select count(distinct runner_id) from tasks').pluck().get()
    assert.equal(runners, 2)
  })

  test('a task is cancelled through the process that does not run it', async ({
    assert,
    cleanup,
  }) => {
    const { first, second, table } = await pair(cleanup)
    const { id } = await start(first.url, 'simulate', long)
    await until(async () => (await look(second.url, id)).status === 'processing')
    const other = pidOfRunner(table, id) === first.pid ? second : first
    const answer = await fetch(`${other.url}/tasks/${id}/cancel`, { method: 'POST' })
    assert.equal(answer.status, 202)
    await until(async () => (await look(other.url, id)).status === 'cancelled')
  })

  test('what a dead one left is taken over, queued and running alike', async ({
    assert,
    cleanup,
  }) => {
    const { first, second, table } = await pair(cleanup)
    const ids: string[] = []
    for (let made = 0; made < 10; made++) {
      ids.push((await start(first.url, 'deaf', { seconds: 600 })).id)
    }
    const { id } = await start(first.url, 'deaf', { seconds: 600 })
    const runners = table.prepare('select runner_id from tasks where status = ?').pluck()
    await until(() => runners.all('processing').length === 11)
    const [ofFirst] = table
      .prepare('select id from runners where pid = ?')
      .pluck()
      .all(first.pid) as string[]
    const theirs = table.prepare('select id from tasks where runner_id = ?').pluck().all(ofFirst)
    assert.isAbove(theirs.length, 0)
    await first.kill('SIGKILL')
    await until(() => !runners.all('processing').includes(ofFirst))
    const again = await look(second.url, String(theirs[0]))
    assert.includeMembers(['queued', 'processing'], [again.status])
    assert.equal(again.maxAttempts, 3)
    assert.include([...ids, id], again.id)
  })

  test('a task that spins the CPU for 20 s keeps its claim, shows as busy, and ends once', async ({
    assert,
    cleanup,
  }) => {
    const { first, second, table } = await pair(cleanup)
    const { id } = await start(first.url, 'spin', { seconds: 20 })
    await until(async () => (await look(second.url, id)).status === 'processing')
    const other = pidOfRunner(table, id) === first.pid ? second : first
    const own = other === first ? second : first

    // As a poller who always says what he has: `busy` comes without a new version.
    const seen = new Set<string | null>()
    let tag = ''
    await until(async () => {
      const headers = { 'If-None-Match': tag }
      const answer = await fetch(`${other.url}/tasks/${id}/progress`, { headers })
      tag = answer.headers.get('etag') ?? ''
      if (answer.status === 304) return null
      const task = (await answer.json()) as Snapshot
      seen.add(task.health)
      return task.finishedAt
    })
    assert.isTrue(seen.has('busy'))
    assert.isFalse(seen.has('lost'))
    assert.containsSubset(await look(own.url, id), { status: 'completed', attempt: 1 })
    const { claim } = table.prepare('select claim from tasks where id = ?').get(id) as {
      claim: number
    }
    assert.equal(claim, 1)
    const rows = table.prepare("select count(*) from dataset_rows where dataset = 'spin'").pluck()
    assert.equal(rows.get(), 1)
  }).timeout(60_000)
})

test.group('A task that takes the server down', () => {
  test('runs alone after two crashes, and is given up at the third', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'extra_types' })
    cleanup(() => server.dispose())
    const neighbour = await start(server.url, 'deaf', { seconds: 6 })
    const { id } = await start(server.url, 'poison', { seconds: 1 })
    const table = new SQLite(join(server.folder, 'db.sqlite3'), { readonly: true })
    cleanup(() => void table.close())
    const running = table.prepare("select id from tasks where status = 'processing'").pluck()

    await server.exited
    await server.restart()
    await server.exited
    assert.deepEqual(running.all().toSorted(), [id, neighbour.id].toSorted())
    await server.restart()
    await server.exited
    // Nothing beside it: the neighbour has been blamed twice, too, and runs alone in its turn.
    assert.lengthOf(running.all(), 1)
    await server.restart()
    if ((await look(server.url, id)).status !== 'failed') {
      await server.exited
      await server.restart()
    }
    assert.containsSubset(await look(server.url, id), {
      status: 'failed',
      error: { code: 'interrupted' },
    })
    await until(async () => (await look(server.url, neighbour.id)).status === 'completed')
  })
})
