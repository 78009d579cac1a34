import env from '#start/env'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { test } from '@japa/runner'
import { Engine } from '#engine/engine'
import app from '@adonisjs/core/services/app'
import { QueueFull } from '#engine/errors'
import { TaskTypes } from '#engine/task_types'
import { sourcesOf, statuses, transitions } from '#engine/status'
import { ownDatabase, type Cleanup } from '#tests/helpers/own_database'

const request = { owner: 'local', type: 'simulate', input: { steps: 1, stepMs: 0 } }

test.group('The engine', () => {
  /** An engine that takes no tasks, with a database that nobody else takes them of. */
  async function idleEngine(cleanup: Cleanup, maxQueued = 10) {
    const { db, folder, filename } = await ownDatabase(cleanup)
    const engine = new Engine({
      db,
      logger: await app.container.make('logger'),
      types: await TaskTypes.load(app.makePath('app/tasks')),
      database: filename,
      retention: env.get('TASK_RETENTION'),
      lockFolder: join(folder, 'runners'),
      storageFolder: join(folder, 'storage'),
      disk: (await app.container.make('drive.manager')).use(),
      concurrency: env.get('TASK_CONCURRENCY'),
      maxQueued,
    })
    cleanup(() => engine.stop(0))
    return { engine, waiting: () => db.from('tasks').where('status', 'queued') }
  }

  test('more tasks than may wait are refused with queue-full, and a cancelled one makes room', async ({
    assert,
    cleanup,
  }) => {
    const { engine } = await idleEngine(cleanup, 2)
    const { task } = await engine.start(request)
    await engine.start(request)
    await assert.rejects(
      () => engine.start(request),
      '2 tasks are waiting already. Try again later.'
    )
    await engine.cancel(task.cut.id, 'local')
    assert.isTrue((await engine.start(request)).isNew)
  })

  test('no more tasks wait than may, however many are started or retried at once', async ({
    assert,
    cleanup,
  }) => {
    const { engine, waiting } = await idleEngine(cleanup, 5)
    const { task: old } = await engine.start(request)
    await engine.cancel(old.cut.id, 'local')
    for (const begin of [
      () => engine.start(request),
      () => engine.start({ ...request, key: randomUUID() }),
      () => engine.retry(old.cut.id, 'local'),
    ]) {
      const results = await Promise.allSettled(Array.from({ length: 100 }, begin))
      const refused = results.flatMap((each) => (each.status === 'rejected' ? each.reason : []))
      assert.isTrue(refused.every((reason) => reason instanceof QueueFull))
      assert.lengthOf(refused, 95)
      assert.lengthOf(await waiting(), 5)
      await waiting().delete()
    }
  })

  test('the place of a start that makes no new task is free again', async ({ assert, cleanup }) => {
    const { engine } = await idleEngine(cleanup, 4)
    const id = randomUUID()
    const other = { ...request, input: { steps: 2, stepMs: 0 } }
    const results = await Promise.allSettled(
      [request, request, other].map((each) => engine.start({ ...each, id }))
    )
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected']
    )
    for (let more = 0; more < 3; more++) await engine.start(request)
    await assert.rejects(() => engine.start(request), /4 tasks are waiting already/)
  })

  test('of those that are started at once with the same id, one begins', async ({
    assert,
    cleanup,
  }) => {
    const { engine, waiting } = await idleEngine(cleanup)
    const id = randomUUID()
    const other = { ...request, input: { steps: 2, stepMs: 0 } }
    const [first, again, different] = await Promise.allSettled([
      engine.start({ ...request, id }),
      engine.start({ ...request, id }),
      engine.start({ ...other, id }),
    ])
    assert.isTrue(first.status === 'fulfilled' && first.value.isNew)
    assert.isTrue(again.status === 'fulfilled' && !again.value.isNew)
    assert.match(different.status === 'rejected' ? different.reason.message : '', /another body/)
    assert.lengthOf(await waiting(), 1)
  })

  test('takes no work any more once it stops', async ({ assert, cleanup }) => {
    const { engine } = await idleEngine(cleanup)
    await engine.stop(0)
    await assert.rejects(() => engine.start(request), /restarting/)
  })

  test('shows nobody the tasks of another owner', async ({ assert, cleanup }) => {
    const { engine } = await idleEngine(cleanup)
    const { task } = await engine.start({ ...request, owner: 'somebody' })
    assert.isNull(await engine.find(task.cut.id, 'local'))
    assert.isNull(await engine.cancel(task.cut.id, 'local'))
    assert.lengthOf(await engine.list({ owner: 'somebody', limit: 10 }), 1)
    assert.lengthOf(await engine.list({ owner: 'local', limit: 10 }), 0)
    await assert.rejects(() => engine.start({ ...request, id: task.cut.id }), /another body/)
  })

  test('a terminal status leads nowhere, and every other one somewhere', ({ assert }) => {
    for (const status of statuses) {
      const isTerminal = ['completed', 'failed', 'cancelled'].includes(status)
      assert.equal(transitions[status].length === 0, isTerminal)
    }
    assert.deepEqual(sourcesOf('completed'), ['processing'])
    assert.deepEqual(sourcesOf('cancelled'), ['queued', 'processing'])
  })
})
