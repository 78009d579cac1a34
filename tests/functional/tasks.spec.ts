import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import type { ApiResponse } from '@japa/api-client'
import type { Snapshot } from '#engine/snapshot'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { scriptInput, startScript, theEngine } from '#tests/helpers/scripted'

test.group('Starting a task', () => {
  test('answers 202 with an address and the task, which then runs to its end', async ({
    client,
    assert,
  }) => {
    const answer = await client
      .post('/tasks')
      .json({ type: 'simulate', input: { steps: 3, stepMs: 1 } })
    answer.assertStatus(202)
    const task = answer.body()
    assert.equal(answer.header('location'), `/tasks/${task.id}`)
    assert.equal(answer.header('retry-after'), '1')
    assert.equal(answer.header('etag'), '"1"')
    assert.containsSubset(task, {
      type: 'simulate',
      status: 'queued',
      progress: null,
      version: 1,
      input: { steps: 3, stepMs: 1 },
      channel: `long-task/${task.id}`,
      links: {
        self: `/tasks/${task.id}`,
        cancel: `/tasks/${task.id}/cancel`,
        result: `/tasks/${task.id}/result`,
        logs: `/tasks/${task.id}/logs`,
      },
    })

    const end = await endOf(task.id)
    assert.containsSubset(end.snapshot, {
      status: 'completed',
      progress: 100,
      current: 3,
      total: 3,
      unit: 'steps',
      result: { steps: 3 },
      error: null,
      attempt: 1,
    })
  })

  test('a type that needs no input may be started without', async ({ client }) => {
    const answer = await client.post('/tasks').json({ type: 'simulate' })
    answer.assertStatus(202)
    await client.post(`/tasks/${answer.body().id}/cancel`)
  })

  test('the client may choose the id; the same request again gives the task as it is', async ({
    client,
    assert,
  }) => {
    const id = randomUUID()
    const body = { id, type: 'simulate', input: { steps: 2, stepMs: 0 } }
    const first = await client.post('/tasks').json(body)
    first.assertStatus(202)
    assert.equal(first.body().id, id)
    await endOf(id)

    const again = await client.post('/tasks').json({ ...body, input: { stepMs: 0, steps: 2 } })
    again.assertStatus(202)
    assert.equal(again.body().status, 'completed')
  })

  test('fifty identical requests at once make one task', async ({ client, assert }) => {
    const body = { id: randomUUID(), type: 'simulate', input: { steps: 1, stepMs: 0 } }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => client.post('/tasks').json(body))
    )
    for (const answer of answers) answer.assertStatus(202)
    const { snapshot } = await endOf(body.id)
    assert.equal(snapshot.attempt, 1)
    const list = await client.get('/tasks').qs({ type: 'simulate', limit: 100 })
    assert.lengthOf(
      list.body().data.filter((task: Snapshot) => task.id === body.id),
      1
    )
  })

  test('a task that throws is failed, with the code that its type gave', async ({
    client,
    assert,
  }) => {
    const answer = await client
      .post('/tasks')
      .json({ type: 'simulate', input: { steps: 4, stepMs: 0, failAt: 3 } })
    const { snapshot } = await endOf(answer.body().id)
    assert.containsSubset(snapshot, {
      status: 'failed',
      current: 2,
      error: { code: 'simulated-failure', message: 'Failed at step 3, as asked' },
    })
  })
})

test.group('Polling a task', () => {
  test('every status answers 200, with an ETag that changes with the version', async ({
    client,
    assert,
  }) => {
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(25, 'a quarter')
      await go.promise
    })
    const live = await until(async () => {
      const answer = await client.get(`/tasks/${id}/progress`)
      return answer.body().progress === 25 ? answer : null
    })
    live.assertStatus(200)
    assert.equal(live.header('retry-after'), '1')
    assert.equal(live.header('cache-control'), 'private, no-cache')
    assert.equal(live.header('vary'), 'Origin, Accept')
    assert.equal(live.header('etag'), `"${live.body().version}"`)
    assert.containsSubset(live.body(), {
      status: 'processing',
      message: 'a quarter',
      health: 'active',
    })

    const etag = String(live.header('etag'))
    const same = await client.get(`/tasks/${id}/progress`).header('If-None-Match', etag)
    same.assertStatus(304)
    assert.isEmpty(same.text() ?? '')

    go.resolve()
    await endOf(id)
    const end = await client.get(`/tasks/${id}/progress`).header('If-None-Match', etag)
    end.assertStatus(200)
    assert.equal(end.body().status, 'completed')
    assert.isUndefined(end.header('retry-after'))
  })

  test('the task itself carries its input; the version and the ETag are those of its progress', async ({
    client,
    assert,
  }) => {
    const id = await startScript(async () => ({ done: true }))
    await endOf(id)
    const task = await client.get(`/tasks/${id}`).header('Accept', '*/*')
    const progress = await client.get(`/tasks/${id}/progress`)
    assert.deepEqual(task.body().result, { done: true })
    assert.property(task.body().input, 'script')
    assert.notProperty(progress.body(), 'input')
    assert.equal(task.header('etag'), progress.header('etag'))
  })

  test('what was told and what the table gives afterwards are the same bytes', async ({
    assert,
  }) => {
    const engine = await theEngine()
    const told = new Map<string, string>()
    const stop = engine.listen((cut) => told.set(cut.id, cut.json))
    const id = await startScript(async (task) => {
      task.report({ progress: 33.333, current: 1.5, total: 3, unit: 'rows', message: 'Größe ✓' })
      return { nested: [1, null, 'x'] }
    })
    const end = await endOf(id)
    stop()
    assert.equal(end.json, told.get(id))
  })

  test('Prefer: wait holds the answer until there is something newer', async ({
    client,
    assert,
  }) => {
    const go = deferred()
    const id = await startScript(async (task) => {
      await go.promise
      task.progress(50)
      return {}
    })
    const now = await until(async () => {
      const answer = await client.get(`/tasks/${id}/progress`)
      return answer.body().status === 'processing' ? answer : null
    })
    const waiting = client
      .get(`/tasks/${id}/progress`)
      .header('Prefer', 'wait=30')
      .header('If-None-Match', String(now.header('etag')))
      .send()
    go.resolve()
    const answer = await waiting
    answer.assertStatus(200)
    assert.equal(answer.header('preference-applied'), 'wait=30')
    assert.isAbove(answer.body().version, now.body().version)
  })

  test('a wait that ends without news answers 304, or 200 without If-None-Match', async ({
    client,
    assert,
  }) => {
    const go = deferred()
    const id = await startScript(() => go.promise)
    const now = await until(async () => {
      const answer = await client.get(`/tasks/${id}/progress`)
      return answer.body().status === 'processing' ? answer : null
    })
    const etag = String(now.header('etag'))
    const waited = client.get(`/tasks/${id}/progress`).header('Prefer', 'wait=1')
    const [unchanged, plain] = await Promise.all([
      client.get(`/tasks/${id}/progress`).header('Prefer', 'wait=1').header('If-None-Match', etag),
      waited,
    ])
    unchanged.assertStatus(304)
    plain.assertStatus(200)
    assert.equal(plain.body().version, now.body().version)
    go.resolve()
  })

  test('a wait for a finished task answers at once', async ({ client, assert }) => {
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    const answer = await client.get(`/tasks/${id}/progress`).header('Prefer', 'wait=60')
    assert.equal(answer.body().version, version)
  })
})

test.group('Cancelling a task', () => {
  test('a running one answers 202, stops at its signal, and is cancelled then', async ({
    client,
    assert,
  }) => {
    const id = await startScript(async (task) => {
      task.progress(10)
      for await (const step of task.each(endless())) task.report({ message: `step ${step}` })
    })
    await until(async () => (await client.get(`/tasks/${id}`)).body().progress === 10)
    const answer = await client.post(`/tasks/${id}/cancel`)
    answer.assertStatus(202)
    assert.isNotNull(answer.body().cancelRequestedAt)
    const { snapshot } = await endOf(id)
    assert.containsSubset(snapshot, { status: 'cancelled', error: null, result: null })

    const again = await client.post(`/tasks/${id}/cancel`)
    again.assertStatus(200)
    assert.equal(again.body().status, 'cancelled')
  })

  test('a task that finishes all the same is completed', async ({ client, assert }) => {
    const go = deferred()
    const id = await startScript(() => go.promise)
    await until(async () => (await client.get(`/tasks/${id}`)).body().status === 'processing')
    await client.post(`/tasks/${id}/cancel`)
    go.resolve()
    assert.equal((await endOf(id)).snapshot.status, 'completed')
  })

  test('a queued one is cancelled at once and never runs', async ({ client, assert }) => {
    const go = deferred()
    const running = await Promise.all(
      Array.from({ length: 10 }, () => startScript(() => go.promise))
    )
    let ran = false
    const engine = await theEngine()
    const input = scriptInput(async () => {
      ran = true
    })
    const { task } = await engine.start({ owner: 'local', type: 'scripted', input })
    const answer = await client.post(`/tasks/${task.cut.id}/cancel`)
    answer.assertStatus(200)
    assert.equal(answer.body().status, 'cancelled')
    go.resolve()
    await Promise.all(running.map(endOf))
    await endOf(await startScript(async () => {}))
    assert.isFalse(ran)
  })

  test('a finished one answers 409 and stays as it is', async ({ client, assert }) => {
    const id = await startScript(async () => {})
    const { version } = await endOf(id)
    const answer = await client.post(`/tasks/${id}/cancel`)
    answer.assertStatus(409)
    assert.equal(answer.body().code, 'task-finished')
    assert.equal((await client.get(`/tasks/${id}`)).body().version, version)
  })
})

test.group('Listing', () => {
  test('tasks come newest first, page by page, each once', async ({ client, assert }) => {
    const ids: string[] = []
    for (let made = 0; made < 7; made++) ids.push(await startScript(async () => {}))
    await Promise.all(ids.map(endOf))

    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: ApiResponse = await client
        .get('/tasks')
        .qs({ limit: 3, type: 'scripted', ...(cursor && { cursor }) })
      page.assertStatus(200)
      assert.isAtMost(page.body().data.length, 3)
      seen.push(...page.body().data.map((task: Snapshot) => task.id))
      cursor = page.body().meta.nextCursor
    } while (cursor && seen.length < 7)
    assert.deepEqual(seen.slice(0, 7), ids.reverse())
    assert.lengthOf(new Set(seen), seen.length)
  })

  test('a list shows running tasks as they are, not as the table has them', async ({
    client,
    assert,
  }) => {
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(77)
      await go.promise
    })
    await until(async () => (await client.get(`/tasks/${id}`)).body().progress === 77)
    const list = await client.get('/tasks').qs({ status: 'processing' })
    assert.equal(list.body().data.find((task: Snapshot) => task.id === id).progress, 77)
    go.resolve()
    await endOf(id)
  })

  test('the types come with the JSON Schema of their input', async ({ client, assert }) => {
    const answer = await client.get('/task-types')
    const types = new Map(
      answer.body().data.map((type: { type: string }) => [type.type, type as unknown])
    )
    assert.containsSubset(types.get('simulate'), {
      input: { properties: { steps: { type: 'integer', minimum: 1, maximum: 1_000_000 } } },
    })
    assert.containsSubset(types.get('import-csv'), {
      input: {
        required: ['dataset', 'file'],
        properties: { file: { contentMediaType: 'application/octet-stream' } },
      },
    })
  })

  test('the health says whether the database answers', async ({ client }) => {
    const answer = await client.get('/health')
    answer.assertStatus(200)
    answer.assertBodyContains({ status: 'ok' })
  })
})

function* endless() {
  for (let step = 0; ; step++) yield step
}
