import { test } from '@japa/runner'
import { EventSource } from 'eventsource'
import { Proxy } from '#tests/helpers/proxy'
import { setTimeout } from 'node:timers/promises'
import type { Snapshot } from '#engine/snapshot'
import { startScript } from '#tests/helpers/scripted'
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

test.group('Clients with their default options', (group) => {
  group.each.timeout(120_000)

  test('one whose attempt to subscribe again fails ends on the last state all the same: {$self}')
    .with([503, 'reset'] as const)
    .run(async ({ assert, cleanup }, status) => {
      const proxy = await Proxy.start(`http://${process.env.HOST}:${process.env.PORT}`)
      const client = new NaiveClient(proxy.url)
      cleanup(() => {
        client.close()
        proxy.close()
      })
      const go = deferred()
      const id = await startScript(async (task) => {
        task.progress(10)
        await go.promise
      })
      await client.watch(id)
      await until(() => client.shown?.progress === 10)
      proxy.outage = { status, path: '/__transmit/subscribe' }
      proxy.cut()
      await until(() => client.connections === 2 && proxy.failures > 0)
      go.resolve()
      await until(() => client.shown?.status === 'completed')
      assert.equal(client.shown?.version, (await endOf(id)).version)
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
