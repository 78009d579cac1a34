import { test } from '@japa/runner'
import { EventSource } from 'eventsource'
import { look, start } from '#tests/helpers/remote'
import { until } from '#tests/helpers/waiting'
import { setTimeout } from 'node:timers/promises'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'
import {
  ResilientEventSource,
  watchTask,
  type Freshness,
  type Snapshot,
} from '../../app/page/client.js'

/** Milliseconds for which every connection is refused: four times what the stock client bears. */
const OUTAGE = 60_000

const inOrder = (seen: readonly Snapshot[]) => {
  const versions = seen.map(({ version }) => version)
  return versions.every((version, index) => version >= (versions[index - 1] ?? 0))
}

test.group('A server that is killed between a broadcast and its flush', () => {
  test('shows the stock client the truth once it is back: {of}')
    .with([
      {
        of: 'progress',
        input: { steps: 100_000, stepMs: 20 },
        settings: { KILL_COUNT: '5', KILL_AFTER: '' },
        truth: { status: 'failed', error: { code: 'interrupted' } },
      },
      {
        of: 'the end',
        input: { steps: 50, stepMs: 20 },
        settings: { KILL_COUNT: '1', KILL_AFTER: 'before-tell' },
        truth: { status: 'completed', progress: 100 },
      },
    ])
    .run(async ({ assert, cleanup }, { input, settings, truth }) => {
      const server = await ServerProcess.start({
        LOAD_HELPERS: 'kill_at',
        KILL_AT: 'before-flush',
        ...settings,
      })
      const client = new NaiveClient(server.url)
      cleanup(async () => {
        client.close()
        await server.dispose()
      })
      const { id } = await start(server.url, input)
      await client.watch(id)
      assert.equal((await server.exited).signal, 'SIGKILL')
      assert.notEqual(client.shown?.status, truth.status)

      await server.restart({ LOAD_HELPERS: '' })
      const task = await look(server.url, id)
      assert.containsSubset(task, truth)
      await until(() => client.shown?.version === task.version)
      assert.containsSubset(client.shown, truth)
      assert.isTrue(inOrder(client.seen))
    })
})

test.group('A server that refuses every connection for a minute', () => {
  test('is caught up with, and until then what is shown is said to be stale', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '1' })
    const client = new NaiveClient(
      server.url,
      (url, options) =>
        new ResilientEventSource(url, {
          ...options,
          EventSource,
        }) as unknown as globalThis.EventSource
    )
    const running = await start(server.url, { steps: 100_000, stepMs: 20 })
    const waiting = await start(server.url, { steps: 10, stepMs: 20 })
    const seen: Snapshot[] = []
    const states: Freshness[] = []
    const watch = watchTask(`${server.url}/tasks/${waiting.id}`, {
      EventSource,
      onSnapshot: (snapshot) => seen.push(snapshot),
      onState: (state) => states.push(state),
    })
    cleanup(async () => {
      watch.close()
      client.close()
      await server.dispose()
    })
    await client.watch(running.id)
    await until(() => (client.shown?.current ?? 0) > 20 && seen.at(-1)?.status === 'queued')
    assert.deepEqual(states, ['catching-up', 'live'])

    await server.kill('SIGKILL')
    await until(() => states.at(-1) === 'stale')
    await setTimeout(OUTAGE)
    assert.deepEqual(states, ['catching-up', 'live', 'stale'])
    assert.equal(client.shown?.status, 'processing')

    await server.restart()
    await until(() => client.shown?.status === 'failed' && seen.at(-1)?.status === 'completed')
    assert.equal(client.shown?.error?.code, 'interrupted')
    assert.equal(client.shown?.version, (await look(server.url, running.id)).version)
    assert.equal(seen.at(-1)?.version, (await look(server.url, waiting.id)).version)
    assert.isTrue(inOrder(client.seen))
    assert.isTrue(inOrder(seen))
    assert.equal(states.at(-1), 'live')
    assert.isFalse(client.hasGivenUp)
  }).timeout(240_000)
})
