import { test } from '@japa/runner'
import { soon, until } from '#tests/helpers/waiting'
import type { Snapshot } from '#engine/snapshot'
import { look, start } from '#tests/helpers/remote'
import { ServerProcess } from '#tests/helpers/server_process'

async function startExtra(url: string, type: string, seconds = 600): Promise<Snapshot> {
  const body = JSON.stringify({ type, input: { seconds } })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/tasks`, { method: 'POST', headers, body })
  return (await answer.json()) as Snapshot
}

test.group('A server that is stopped', () => {
  test('ends when the grace is over, whatever holds it: {$self}')
    .with(['deaf', 'hold'])
    .run(async ({ assert, cleanup }, type) => {
      const server = await ServerProcess.start({
        LOAD_HELPERS: 'extra_types',
        SHUTDOWN_GRACE: '1s',
      })
      cleanup(() => server.dispose())
      const { id } = await startExtra(server.url, type)
      await until(async () => (await look(server.url, id)).status === 'processing')
      const since = performance.now()
      await server.kill()
      assert.isAtLeast(performance.now() - since, 1000)
      assert.isBelow(performance.now() - since, soon(4000))

      await server.restart()
      await until(async () => (await look(server.url, id)).status === 'processing')
      assert.containsSubset(await look(server.url, id), { attempt: 2, maxAttempts: 3 })
    })

  test('asks its tasks at once, although the database is held', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'extra_types', SHUTDOWN_GRACE: '1h' })
    cleanup(() => server.dispose())
    const { id } = await start(server.url, { steps: 100_000, stepMs: 20 })
    await until(async () => ((await look(server.url, id)).current ?? 0) > 2)
    const holding = await startExtra(server.url, 'hold')
    await until(async () => (await look(server.url, holding.id)).progress === 1)
    // Longer than it takes until each part of the engine waits for the database.
    const { current } = await look(server.url, id)
    await until(async () => ((await look(server.url, id)).current ?? 0) > (current ?? 0) + 100)
    void server.kill()
    const counts: (number | null)[] = []
    await until(async () => {
      counts.push((await look(server.url, id)).current)
      return counts.length > 50 && counts.at(-1) === counts.at(-50)
    })
    assert.equal((await look(server.url, id)).status, 'processing')
  })

  test('cancels a task of one attempt that is cancelled meanwhile', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({ LOAD_HELPERS: 'extra_types' })
    cleanup(() => server.dispose())
    const { id } = await startExtra(server.url, 'sluggish', 4)
    await until(async () => (await look(server.url, id)).status === 'processing')
    const exited = server.kill()
    await until(async () => (await fetch(`${server.url}/health`)).status === 503)
    const answer = await fetch(`${server.url}/tasks/${id}/cancel`, { method: 'POST' })
    assert.equal(answer.status, 202)
    await exited
    await server.restart()
    assert.containsSubset(await look(server.url, id), { status: 'cancelled', error: null })
  })
})
