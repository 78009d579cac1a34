import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { EventSource } from 'eventsource'
import { Proxy } from '#tests/helpers/proxy'
import { RawStream } from '#tests/helpers/sse'
import type { Snapshot } from '#engine/snapshot'
import { startScript } from '#tests/helpers/scripted'
import { OneRequest } from '#tests/helpers/one_request'
import { deferred, endOf, turns, until } from '#tests/helpers/waiting'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const sse = { accept: 'text/event-stream' }

/** A task that stands at 10 % until it may go on. */
async function halted() {
  const go = deferred()
  const id = await startScript(async (task) => {
    task.progress(10)
    await go.promise
  })
  return { id, url: `${base()}/tasks/${id}`, go: () => go.resolve() }
}

test.group('The one-request stream', () => {
  for (const path of ['/events', '']) {
    test(`gives the snapshot, what comes after it, and ends behind the end: tasks/:id${path}`, async ({
      assert,
    }) => {
      const { id, url, go } = await halted()
      const stream = await OneRequest.open(`${url}${path}`, sse)
      assert.equal(stream.answer.status, 200)
      assert.equal(stream.answer.headers.get('content-type'), 'text/event-stream')
      assert.include(stream.answer.headers.get('vary')?.toLowerCase(), 'accept')
      assert.isNull(stream.answer.headers.get('etag'))
      await until(() => stream.last?.progress === 10)
      go()
      await stream.ended

      const end = await endOf(id)
      assert.deepEqual(stream.last, JSON.parse(end.json))
      const versions = stream.events.map(({ id: version }) => version)
      assert.deepEqual(
        versions,
        [...new Set(versions)].toSorted((a, b) => a - b)
      )
      for (const event of stream.events) assert.equal(event.id, event.snapshot.version)
      const [retry] = stream.retries
      assert.isTrue(retry >= 1000 && retry <= 2000, `retry: ${retry}`)
      assert.notInclude(stream.text, 'event:')
    })
  }

  test('what the client has is not sent again; what is newer comes at once', async ({ assert }) => {
    const { url, go } = await halted()
    const first = await OneRequest.open(`${url}/events`)
    const { version } = await until(() => (first.last?.progress === 10 ? first.last : null))

    const same = await OneRequest.open(`${url}/events`, { 'last-event-id': `${version}` })
    const older = await OneRequest.open(`${url}/events`, { 'last-event-id': `${version - 1}` })
    const foreign = await OneRequest.open(`${url}/events`, { 'last-event-id': `${version + 1000}` })
    const nonsense = await OneRequest.open(`${url}/events`, { 'last-event-id': 'nonsense' })
    for (const stream of [older, foreign, nonsense]) {
      await until(() => stream.last)
      assert.equal(stream.events[0].id, version)
    }
    go()
    await Promise.all([first, same, older, foreign, nonsense].map((stream) => stream.ended))
    assert.equal(same.events[0].id, version + 1)
    assert.equal(same.last?.status, 'completed')
  })

  test('204 when the client has the end, the end again when it has less', async ({ assert }) => {
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    for (const path of [`/tasks/${id}/events`, `/tasks/${id}`]) {
      const headers = { ...sse, 'last-event-id': `${version}` }
      const done = await OneRequest.open(`${base()}${path}`, headers)
      assert.equal(done.answer.status, 204)
      await done.ended
      assert.equal(done.text, '')
    }
    const behind = await OneRequest.open(`${base()}/tasks/${id}/events`, { 'last-event-id': '1' })
    await behind.ended
    assert.deepEqual(
      behind.events.map((event) => event.id),
      [version]
    )
  })

  test('404 with a problem for what there is not', async ({ assert }) => {
    for (const id of [randomUUID(), 'nonsense']) {
      for (const path of [`/tasks/${id}/events`, `/tasks/${id}`]) {
        const answer = await fetch(`${base()}${path}`, { headers: sse })
        assert.equal(answer.status, 404)
        assert.equal(answer.headers.get('content-type'), 'application/problem+json')
        assert.containsSubset(await answer.json(), { code: 'task-not-found' })
      }
    }
  })

  test('who does not ask for a stream gets JSON, with an ETag', async ({ assert }) => {
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    for (const accept of ['*/*', 'application/json', 'image/png']) {
      const answer = await fetch(`${base()}/tasks/${id}`, { headers: { accept } })
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8', accept)
      assert.equal(answer.headers.get('etag'), `"${version}"`)
      assert.equal(((await answer.json()) as Snapshot).id, id)
    }
  })

  test('HEAD gives the head alone, and harms no stream', async ({ assert, cleanup }) => {
    const { url, id, go } = await halted()
    const stream = await RawStream.open(base())
    cleanup(() => stream.close())
    await stream.subscribe(id)
    const paths = [`${url}/events`, `${base()}/__transmit/events?uid=${stream.uid}`]
    for (const path of paths) {
      const answer = await fetch(path, { method: 'HEAD' })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    }
    go()
    await stream.until(id, ({ status }) => status === 'completed')
  })

  test('an EventSource that is cut off goes on where it was, and stops after the end', async ({
    assert,
    cleanup,
  }) => {
    const proxy = await Proxy.start(base())
    const { id, go } = await halted()
    const source = new EventSource(`${proxy.url}/tasks/${id}/events`)
    cleanup(() => {
      source.close()
      proxy.close()
    })
    const seen: Snapshot[] = []
    let opened = 0
    source.onopen = () => opened++
    source.onmessage = ({ data }) => seen.push(JSON.parse(data))
    await until(() => seen.at(-1)?.progress === 10)
    proxy.cut()
    await until(() => opened === 2)
    go()
    await until(() => source.readyState === EventSource.CLOSED)

    const versions = seen.map(({ version }) => version)
    assert.deepEqual(versions, [...new Set(versions)])
    assert.equal(seen.at(-1)?.version, (await endOf(id)).version)
    assert.equal(opened, 2)
  })
})

test.group('The line that draws itself', () => {
  const plain = { accept: 'text/plain' }

  test('draws over itself until the end, without escape sequences', async ({ assert }) => {
    const go = deferred()
    const id = await startScript(async (task) => {
      task.report({ progress: 42, current: 420_000, total: 1_000_000, unit: 'rows' })
      await go.promise
    })
    const line = await OneRequest.open(`${base()}/tasks/${id}`, plain)
    assert.equal(line.answer.headers.get('content-type'), 'text/plain; charset=utf-8')
    const drawn = 'scripted  42% █████░░░░░░░░░ 420,000/1,000,000 rows'
    await until(() => line.text.includes(drawn))
    assert.notInclude(line.text, '\n')
    go.resolve()
    await line.ended

    assert.match(
      line.text,
      /\rscripted 100% █{14} 420,000\/1,000,000 rows {2}completed in \d+ s *\n$/
    )
    assert.isFalse(line.text.includes('\u001B'))
    const lines = line.text.split('\r').slice(1)
    assert.isTrue(lines.every((each) => [...each.trimEnd()].length <= 79))
    assert.isTrue(lines.slice(0, -1).every((each) => [...each].length === 79))
  })

  test('says how long it will take', async ({ assert, cleanup }) => {
    const id = await startScript(async (task) => {
      for (let done = 1; ; done++) {
        task.signal.throwIfAborted()
        task.report({ current: done, total: 1_000_000, unit: 'rows' })
        await turns(3)
      }
    })
    const cancel = () => fetch(`${base()}/tasks/${id}/cancel`, { method: 'POST' })
    cleanup(async () => void (await cancel()))
    const line = await OneRequest.open(`${base()}/tasks/${id}`, plain)
    await until(() => / rows {2}\d+ (s|min \d+ s|h \d+ min) left *(\r|$)/.test(line.text))
    await cancel()
    await line.ended
    assert.match(line.text, /cancelled *\n$/)
  })

  test('keeps to its columns, also with characters that take two or none', async ({ assert }) => {
    const go = deferred()
    const message = `${'é'.normalize('NFD').repeat(10)}${'進捗👩‍🚀'.repeat(30)}`
    const id = await startScript(async (task) => {
      task.report({ message })
      await go.promise
    })
    const line = await OneRequest.open(`${base()}/tasks/${id}`, plain)
    await until(() => line.text.includes('進捗'))
    go.resolve()
    await line.ended
    const drawn = line.text.split('\r').slice(1, -1)
    // 10 of one column, then as many of two as fit into 79.
    assert.isTrue(
      drawn.some((text) => text === `scripted  ${message.slice(0, 20)}${'進捗👩‍🚀'.repeat(9)}進捗 `)
    )
  })

  test('without a total it shows the count and the rate, without both the message', async ({
    assert,
  }) => {
    const go = deferred()
    const counted = await startScript(async (task) => {
      for await (const row of task.each(endless(), { unit: 'rows' })) await turns(row % 2)
    })
    const said = await startScript(async (task) => {
      task.report({ message: 'warming\n\u001B[31mup' })
      await go.promise
      throw new Error('no luck')
    })
    const [first, second] = await Promise.all(
      [counted, said].map((id) => OneRequest.open(`${base()}/tasks/${id}/events`, plain))
    )
    await until(() => /\rscripted [\d,]+ rows {2}[\d,]+ rows\/s/.test(first.text))
    await until(() => second.text.includes('scripted  warming [31mup'))
    go.resolve()
    await second.ended
    assert.match(second.text, /scripted {2}failed: no luck *\n$/)
    await fetch(`${base()}/tasks/${counted}/cancel`, { method: 'POST' })
    await first.ended
    assert.match(first.text, /rows {2}cancelled *\n$/)
  })
})

function* endless() {
  for (let step = 0; ; step++) yield step
}
