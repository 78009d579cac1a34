import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Snapshot } from '#engine/snapshot'
import { Proxy } from '#tests/helpers/proxy'
import { RawStream } from '#tests/helpers/sse'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { scriptInput, startScript, theEngine } from '#tests/helpers/scripted'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

test.group('The unmodified client of Transmit, rendering what comes last', () => {
  test('sees a running import live, is cut off in the middle, and ends on completed', async ({
    assert,
    cleanup,
  }) => {
    const proxy = await Proxy.start(base())
    const client = new NaiveClient(proxy.url)
    cleanup(() => {
      client.close()
      proxy.close()
    })
    const id = randomUUID()
    await client.watch(id)
    const form = new FormData()
    form.append('id', id)
    form.append('type', 'import-csv')
    form.append('input', '{"dataset":"live"}')
    form.append('file', new File([`a,b\n${'1,2\n'.repeat(300_000)}`], 'live.csv'))
    await fetch(`${base()}/tasks`, { method: 'POST', body: form })

    await until(() =>
      client.seen.some(({ status, progress }) => status === 'processing' && progress)
    )
    proxy.cut()
    await until(() => client.connections === 2)
    await until(() => client.shown?.status === 'completed')

    assert.equal(client.shown?.current, 300_000)
    assert.equal(client.shown?.version, (await endOf(id)).version)
    const versions = client.seen.map(({ version }) => version)
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b)
    )
  })

  test('gets the end at once when it subscribes after it', async ({ assert, cleanup }) => {
    const client = new NaiveClient(base())
    cleanup(() => client.close())
    const id = await startScript(async () => ({ answer: 42 }))
    const end = await endOf(id)
    await client.watch(id)
    await until(() => client.shown)
    assert.deepEqual(client.seen[0], JSON.parse(end.json))
  })

  test('gets it also when it adds its handler only after the subscription', async ({
    assert,
    cleanup,
  }) => {
    const client = new NaiveClient(base())
    cleanup(() => client.close())
    const id = await startScript(async () => {})
    await endOf(id)
    await client.watch(id, 'handler-last')
    await until(() => client.shown)
    assert.equal(client.shown?.status, 'completed')
  })

  test('gets it also when its handler comes a while after that', async ({ assert, cleanup }) => {
    const client = new NaiveClient(base())
    cleanup(() => client.close())
    // Anti-entropy has its turn meanwhile for one or two of them at most.
    const ids = ['00', '03', '06', '09', '0c'].map((end) => `${randomUUID().slice(0, -2)}${end}`)
    for (const id of ids) await startScript(async () => {}, id)
    await Promise.all(ids.map(endOf))
    const has = (id: string) => client.seen.some((snapshot) => snapshot.id === id)
    // One by one: creating all of them may take longer than the server waits.
    for (const id of ids) {
      const subscription = client.transmit.subscription(`long-task/${id}`)
      await subscription.create()
      await setTimeout(50)
      subscription.onMessage((snapshot: Snapshot) => client.seen.push(snapshot))
      const since = performance.now()
      await until(() => has(id) || performance.now() - since > 1500)
    }
    assert.isTrue(ids.every(has))
    assert.isTrue(client.seen.every(({ status }) => status === 'completed'))
  })

  test('ends on the truth when the answer to its subscription comes late', async ({
    assert,
    cleanup,
  }) => {
    const proxy = await Proxy.start(base())
    const client = new NaiveClient(proxy.url)
    const go = deferred()
    const release = proxy.hold('/__transmit/subscribe')
    cleanup(() => {
      client.close()
      proxy.close()
    })
    const id = await startScript(async (task) => {
      task.progress(10)
      await go.promise
    })
    const watching = client.watch(id)
    await until(() => client.shown?.progress === 10)
    go.resolve()
    await until(() => client.shown?.status === 'completed')
    release()
    const subscription = await watching
    assert.isTrue(subscription.isCreated)
    assert.equal(client.shown?.version, (await endOf(id)).version)
  })

  test('subscribes first and starts afterwards: nothing is missed', async ({ assert, cleanup }) => {
    const client = new NaiveClient(base())
    cleanup(() => client.close())
    const id = randomUUID()
    await client.watch(id)
    const engine = await theEngine()
    await engine.start({ owner: 'local', type: 'scripted', id, input: scriptInput(async () => {}) })
    await until(() => client.shown?.status === 'completed')
    assert.deepEqual(
      client.seen.map(({ status }) => status),
      ['queued', 'processing', 'completed']
    )
  })
})

test.group('Streams', () => {
  test('a bad report hurts no stream', async ({ assert, cleanup }) => {
    const stream = await RawStream.open(base())
    cleanup(() => stream.close())
    const bad = randomUUID()
    const good = randomUUID()
    await stream.subscribe(bad)
    await stream.subscribe(good)
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    await startScript(async () => cyclic, bad)
    await stream.until(bad, ({ status }) => status === 'failed')
    await startScript(async () => ({ fine: true }), good)
    await stream.until(good, ({ status }) => status === 'completed')
    assert.equal(stream.last(bad)?.error?.code, 'invalid-result')
  })

  test('the head of a stream tells the client to wait 4 to 8 seconds before it comes back', async ({
    assert,
  }) => {
    const stop = new AbortController()
    const answer = await fetch(`${base()}/__transmit/events?uid=${randomUUID()}`, stop)
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk)
      if (/retry: \d+\n\n/.test(text)) break
    }
    stop.abort()
    const retry = Number(/retry: (\d+)\n\n/.exec(text)?.[1])
    assert.isTrue(retry >= 4000 && retry <= 8000)
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  })

  test('a stream that comes back under its uid works, though the old one was never closed', async ({
    assert,
    cleanup,
  }) => {
    const uid = randomUUID()
    const id = await startScript(async () => {})
    await endOf(id)
    const first = await RawStream.open(base(), uid)
    const second = await RawStream.open(base(), uid)
    cleanup(() => second.close())
    await until(() => first.closed)
    assert.equal((await second.subscribe(id)).status, 204)
    await second.until(id, ({ status }) => status === 'completed')
  })

  test('what is no task is denied, and nonsense is a problem, never a failure', async ({
    assert,
    cleanup,
  }) => {
    const stream = await RawStream.open(base())
    cleanup(() => stream.close())
    const subscribe = async (body: unknown) => {
      const answer = await fetch(`${base()}/__transmit/subscribe`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return answer.status
    }
    const { uid } = stream
    for (const channel of ['anything', 'long-task/42', 'long-task/a/b', 'long-tasks/a', '*']) {
      assert.equal(await subscribe({ uid, channel }), 400)
    }
    for (const channel of [undefined, null, 42, {}, [], '', 'x'.repeat(129)]) {
      assert.equal(await subscribe({ uid, channel }), 422)
    }
    const channel = `long-task/${randomUUID()}`
    for (const bad of [undefined, 42, {}, 'short', 'x'.repeat(65), 'with spaces in it!']) {
      assert.equal(await subscribe({ uid: bad, channel }), 422)
    }
    assert.equal(await subscribe({ uid: randomUUID(), channel }), 404)
    assert.equal((await fetch(`${base()}/__transmit/events`)).status, 422)
  })

  test('a watcher who unsubscribes gets nothing any more', async ({ assert, cleanup }) => {
    const stream = await RawStream.open(base())
    cleanup(() => stream.close())
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(1)
      await go.promise
    })
    await stream.subscribe(id)
    await stream.until(id, ({ progress }) => progress === 1)
    await fetch(`${base()}/__transmit/unsubscribe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uid: stream.uid, channel: `long-task/${id}` }),
    })
    go.resolve()
    await endOf(id)
    const marker = await startScript(async () => {})
    await stream.subscribe(marker)
    await stream.until(marker, ({ status }) => status === 'completed')
    assert.equal(stream.last(id)?.status, 'processing')
  })
})
