import { test } from '@japa/runner'
import { EventSource } from 'eventsource'
import { Proxy } from '#tests/helpers/proxy'
import { setTimeout } from 'node:timers/promises'
import type { Snapshot } from '#engine/snapshot'
import { startScript } from '#tests/helpers/scripted'
import { OneRequest } from '#tests/helpers/one_request'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'
import { soon, deferred, endOf, until } from '#tests/helpers/waiting'

async function startTask({ url }: ServerProcess): Promise<string> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input: { steps: 10_000, stepMs: 10 } }),
  })
  return ((await answer.json()) as Snapshot).id
}

/** A plain EventSource on the one-request stream. */
class PlainClient {
  readonly #source: EventSource
  shown: Snapshot | undefined

  constructor(url: string) {
    this.#source = new EventSource(url)
    this.#source.onmessage = ({ data }) => (this.shown = JSON.parse(data))
  }

  close(): void {
    this.#source.close()
  }
}

/** A stock client, and tasks that it has seen stand at 10 % until they may go on. */
async function behindProxy(cleanup: (handler: () => void) => void) {
  const proxy = await Proxy.start(`http://${process.env.HOST}:${process.env.PORT}`)
  const client = new NaiveClient(proxy.url)
  cleanup(() => {
    client.close()
    proxy.close()
  })
  const go = deferred()
  const halted = async () => {
    const id = await startScript(async (task) => {
      task.progress(10)
      await go.promise
    })
    await client.watch(id)
    await until(() => client.shown?.id === id && client.shown.progress === 10)
    return id
  }
  return { proxy, client, halted, go }
}

test.group('Clients with their default options', (group) => {
  group.each.timeout(120_000)

  test('one whose attempt to subscribe again fails ends on the last state all the same: {$self}')
    .with([503, 'reset'] as const)
    .run(async ({ assert, cleanup }, status) => {
      const { proxy, client, halted, go } = await behindProxy(cleanup)
      const id = await halted()
      proxy.outage = { status, path: '/__transmit/subscribe' }
      proxy.cut()
      await until(() => client.connections === 2 && proxy.failures > 0)
      go.resolve()
      await until(() => client.shown?.status === 'completed')
      assert.equal(client.shown?.version, (await endOf(id)).version)
    })

  test('one whose old connection the server believes to live is told all on the new one', async ({
    assert,
    cleanup,
  }) => {
    const { proxy, client, halted, go } = await behindProxy(cleanup)
    const ids = [await halted()]
    proxy.isHalfOpen = true
    proxy.cut()
    await until(() => client.connections === 2)
    // Transmit alone forgets the uid as the old connection ends: this would be refused.
    ids.push(await halted())
    go.resolve()
    for (const id of ids) {
      const { version } = await endOf(id)
      await until(() => client.seen.some((each) => each.id === id && each.version === version))
    }
    assert.equal(client.connections, 2)
  })

  test('one that comes while the server stops is told by the next', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start({
      NODE_OPTIONS: '--import=./tests/helpers/deaf_tasks.js',
    })
    const id = await startTask(server)
    const events = `${server.url}/tasks/${id}/events`
    const before = await OneRequest.open(events)
    await until(() => before.last?.status === 'processing')
    const exited = server.kill()
    await before.ended
    const client = new NaiveClient(server.url)
    cleanup(async () => {
      client.close()
      await server.dispose()
    })
    const watching = client.watch(id)
    await until(() => client.connections === 1)
    assert.equal((await exited).code, 0)
    await server.restart()
    await watching
    await until(() => client.shown?.status === 'failed')
    assert.equal(client.shown?.error?.code, 'interrupted')
    assert.isFalse(client.hasGivenUp)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`fifty reach the truth after ${signal}, though nobody answers for ten seconds`, async ({
      assert,
      cleanup,
    }) => {
      const server = await ServerProcess.start()
      cleanup(() => server.dispose())
      const id = await startTask(server)
      const stock = Array.from({ length: 10 }, () => new NaiveClient(server.url))
      const plain = Array.from(
        { length: 40 },
        () => new PlainClient(`${server.url}/tasks/${id}/events`)
      )
      const clients = [...stock, ...plain]
      cleanup(() => clients.forEach((client) => client.close()))
      await Promise.all(stock.map((client) => client.watch(id)))
      await until(() => clients.every(({ shown }) => shown?.progress))

      const asked = performance.now()
      await server.kill(signal)
      assert.isBelow(performance.now() - asked, soon())
      await setTimeout(10_000)
      await server.restart()
      await until(() => clients.every(({ shown }) => shown?.status === 'failed'))
      const answer = await fetch(`${server.url}/tasks/${id}/progress`)
      const truth = (await answer.json()) as Snapshot
      assert.equal(truth.error?.code, 'interrupted')
      for (const { shown } of clients) assert.deepEqual(shown, truth)
    })
  }
})
