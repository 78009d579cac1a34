import { test } from '@japa/runner'
import type { Snapshot } from '#engine/snapshot'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'

async function start(server: ServerProcess, input: object): Promise<Snapshot> {
  const answer = await fetch(`${server.url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input }),
  })
  return (await answer.json()) as Snapshot
}

/** What the server says of a task once that holds. */
function seen(server: ServerProcess, id: string, condition: (task: Snapshot) => boolean) {
  return until(async () => {
    const answer = await fetch(`${server.url}/tasks/${id}`)
    const task = (await answer.json()) as Snapshot
    return condition(task) ? task : null
  })
}

test.group('The estimated time', () => {
  test('is there before the first report once a run of the type has completed, also after a restart', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())

    const slow = { steps: 2, stepMs: 60_000 }
    const unknown = await start(server, slow)
    const before = await seen(server, unknown.id, ({ status }) => status === 'processing')
    assert.isNull(before.etaSeconds)
    assert.isNull(before.etaBasis)

    const { id } = await start(server, { steps: 10, stepMs: 200 })
    await seen(server, id, ({ status }) => status === 'completed')
    await server.kill('SIGTERM')
    await server.restart()

    const known = await start(server, slow)
    const first = await seen(server, known.id, ({ status, total }) => {
      return status === 'processing' && total === 2
    })
    assert.isNull(first.progress)
    assert.equal(first.etaBasis, 'history')
    assert.isAbove(first.etaSeconds ?? 0, 0)
  }).timeout(60_000)
})
