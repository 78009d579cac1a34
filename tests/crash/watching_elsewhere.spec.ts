import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { test } from '@japa/runner'
import { until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'

/** Two servers on one database: the first has one slot, which is taken, so the second runs the rest. */
async function pair(cleanup: (dispose: () => Promise<void>) => void) {
  const first = await ServerProcess.start({ TASK_CONCURRENCY: '1' })
  cleanup(() => first.dispose())
  const { id } = await start(first.url, { steps: 100_000, stepMs: 100 })
  await until(async () => (await look(first.url, id)).status === 'processing')
  const second = await ServerProcess.start({
    SQLITE_PATH: join(first.folder, 'db.sqlite3'),
    STORAGE_PATH: join(first.folder, 'storage'),
  })
  cleanup(() => second.dispose())
  return { watched: first, runs: second }
}

async function start(url: string, input: object, id: string = randomUUID()): Promise<Snapshot> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, type: 'simulate', input }),
  })
  return (await answer.json()) as Snapshot
}

async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
}

test.group('A task that runs in another process', () => {
  test('shows its progress and its end to an unmodified client here', async ({
    assert,
    cleanup,
  }) => {
    const { watched, runs } = await pair(cleanup)
    const client = new NaiveClient(watched.url)
    cleanup(async () => client.close())
    const id = randomUUID()
    await client.watch(id)
    await start(runs.url, { steps: 300, stepMs: 20 }, id)
    await until(() => client.shown?.status === 'completed')

    const currents = new Set(client.seen.map(({ current }) => current))
    assert.isAbove(currents.size, 2)
    const versions = client.seen.map(({ version }) => version)
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b)
    )
    assert.equal(client.shown?.version, (await look(runs.url, id)).version)
  })

  test('ends a long poll here', async ({ assert, cleanup }) => {
    const { watched, runs } = await pair(cleanup)
    const { id } = await start(runs.url, { steps: 1, stepMs: 3000 })
    await until(async () => (await look(watched.url, id)).status === 'processing')
    const { version } = await look(watched.url, id)
    const headers = { 'Prefer': 'wait=60', 'If-None-Match': `"${version}"` }
    const answer = await fetch(`${watched.url}/tasks/${id}/progress`, { headers })
    assert.equal(answer.status, 200)
    assert.isAbove(((await answer.json()) as Snapshot).version, version)
  })

  test('shows in a list here, also when it begins and ends between two looks', async ({
    assert,
    cleanup,
  }) => {
    const { watched, runs } = await pair(cleanup)
    const client = new NaiveClient(watched.url)
    cleanup(async () => client.close())
    const list = client.transmit.subscription('long-tasks')
    const seen: Snapshot[] = []
    list.onMessage(({ tasks }: { tasks: Snapshot[] }) => void seen.push(...tasks))
    await list.create()
    const ids = []
    for (const stepMs of [0, 20]) ids.push((await start(runs.url, { steps: 200, stepMs })).id)
    for (const id of ids) {
      await until(() => seen.findLast((each) => each.id === id)?.status === 'completed')
      const versions = seen.filter((each) => each.id === id).map(({ version }) => version)
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b)
      )
    }
  })

  test('shows in a stream of one request here, and the stream ends', async ({
    assert,
    cleanup,
  }) => {
    const { watched, runs } = await pair(cleanup)
    const { id } = await start(runs.url, { steps: 100, stepMs: 20 })
    const answer = await fetch(`${watched.url}/tasks/${id}/events`)
    const text = await answer.text()
    assert.match(text, /"status":"completed"/)
  })
})
