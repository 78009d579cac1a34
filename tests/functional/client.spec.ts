import { test } from '@japa/runner'
import { EventSource } from 'eventsource'
import { setTimeout } from 'node:timers/promises'
import { Proxy } from '#tests/helpers/proxy'
import { startScript } from '#tests/helpers/scripted'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import {
  ResilientEventSource,
  watchTask,
  type Freshness,
  type Snapshot,
} from '../../app/page/client.js'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

test.group('The browser helper', () => {
  test('is served as one script, with its types', async ({ assert, client }) => {
    const script = await fetch(`${base()}/client.js`)
    assert.equal(script.status, 200)
    assert.match(script.headers.get('content-type') ?? '', /javascript/)
    assert.isNotNull(script.headers.get('etag'))
    assert.include(await script.text(), 'export function watchTask')
    const types = await fetch(`${base()}/client.d.ts`)
    assert.equal(types.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.include(await types.text(), 'export function watchTask')
    const etag = String(script.headers.get('etag'))
    const same = await client.get('/client.js').header('If-None-Match', etag)
    same.assertStatus(304)
  })

  test('lets the unmodified client, with its default options, survive more 502s than it would bear', async ({
    assert,
    cleanup,
  }) => {
    const proxy = await Proxy.start(base())
    const client = new NaiveClient(
      proxy.url,
      (url, options) =>
        new ResilientEventSource(url, {
          ...options,
          EventSource,
        }) as unknown as globalThis.EventSource
    )
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

    proxy.outage = { status: 502 }
    proxy.cut()
    await Promise.all([setTimeout(5000), until(() => proxy.failures > 2)])
    go.resolve()
    await endOf(id)
    proxy.outage = undefined
    await until(() => client.shown?.status === 'completed')
    assert.equal(client.shown?.version, (await endOf(id)).version)
  })

  test('watches by a stream to the end, over a line that is cut', async ({ assert, cleanup }) => {
    const proxy = await Proxy.start(base())
    cleanup(() => proxy.close())
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(30)
      await go.promise
    })
    const seen: Snapshot[] = []
    const states: Freshness[] = []
    const watch = watchTask(`${proxy.url}/tasks/${id}`, {
      EventSource,
      onSnapshot: (snapshot) => seen.push(snapshot),
      onState: (state) => states.push(state),
    })
    cleanup(() => watch.close())
    await until(() => seen.at(-1)?.progress === 30 && states.at(-1) === 'live')
    proxy.cut()
    await until(() => states.includes('stale'))
    go.resolve()
    await until(() => seen.at(-1)?.status === 'completed')
    assert.equal(states.at(-1), 'live')
    const versions = seen.map(({ version }) => version)
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => a - b)
    )
  })

  test('watches by polling where streams do not get through', async ({ assert, cleanup }) => {
    /** As in a network that lets no stream through. */
    class Blocked extends EventTarget {
      readyState = 0
      constructor() {
        super()
        setImmediate(() => this.dispatchEvent(new Event('error')))
      }
      close() {}
    }
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(20)
      await go.promise
    })
    const seen: Snapshot[] = []
    const states: Freshness[] = []
    const watch = watchTask(`${base()}/tasks/${id}`, {
      EventSource: Blocked,
      onSnapshot: (snapshot) => seen.push(snapshot),
      onState: (state) => states.push(state),
    })
    cleanup(() => watch.close())
    await until(() => seen.at(-1)?.progress === 20)
    go.resolve()
    await until(() => seen.at(-1)?.status === 'completed')
    const versions = seen.map(({ version }) => version)
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => a - b)
    )
    assert.deepEqual(states, ['catching-up', 'stale', 'live'])
  })
})
