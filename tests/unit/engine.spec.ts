import env from '#start/env'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { test } from '@japa/runner'
import Task from '#models/task'
import { mkdtemp, rm } from 'node:fs/promises'
import { Engine } from '#engine/engine'
import app from '@adonisjs/core/services/app'
import { QueueFull } from '#engine/errors'
import { TaskTypes } from '#engine/task_types'
import { sourcesOf, statuses, transitions } from '#engine/status'

/** An engine of its own on the tests' database; it takes no tasks. */
async function idleEngine(folder: string, maxQueued: number): Promise<Engine> {
  return new Engine({
    db: await app.container.make('lucid.db'),
    logger: await app.container.make('logger'),
    types: await TaskTypes.load(app.makePath('app/tasks')),
    database: app.makePath(env.get('SQLITE_PATH')),
    retention: env.get('TASK_RETENTION'),
    lockFolder: join(folder, 'runners'),
    storageFolder: join(folder, 'storage'),
    disk: (await app.container.make('drive.manager')).use(),
    concurrency: env.get('TASK_CONCURRENCY'),
    maxQueued,
  })
}

const request = { owner: 'local', type: 'simulate', input: { steps: 1, stepMs: 0 } }

test.group('The engine', (group) => {
  let folder: string
  group.each.setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-engine-'))
    return () => rm(folder, { recursive: true, force: true })
  })

  test('more tasks than may wait are refused with queue-full, and a running one makes room', async ({
    assert,
    cleanup,
  }) => {
    const engine = await idleEngine(folder, 2)
    cleanup(() => engine.stop(0))
    const [first, second] = [await engine.start(request), await engine.start(request)]
    cleanup(async () => {
      const ids = [first, second].map(({ task }) => task.cut.id)
      await Task.query().whereIn('id', ids).delete()
    })
    await assert.rejects(
      () => engine.start(request),
      '2 tasks are waiting already. Try again later.'
    )
    await engine.cancel(first.task.cut.id, 'local')
    const third = await engine.start(request)
    assert.isTrue(third.isNew)
    await engine.cancel(third.task.cut.id, 'local')
  })

  test('no more tasks wait than may, however many are started or retried at once', async ({
    assert,
    cleanup,
  }) => {
    const engine = await idleEngine(folder, 5)
    cleanup(() => engine.stop(0))
    const { task: old } = await engine.start(request)
    await engine.cancel(old.cut.id, 'local')
    cleanup(async () => {
      await Task.query().where('status', 'queued').delete()
    })
    for (const begin of [
      () => engine.start(request),
      () => engine.start({ ...request, key: randomUUID() }),
      () => engine.retry(old.cut.id, 'local'),
    ]) {
      const results = await Promise.allSettled(Array.from({ length: 100 }, begin))
      const refused = results.flatMap((each) => (each.status === 'rejected' ? each.reason : []))
      assert.isTrue(refused.every((reason) => reason instanceof QueueFull))
      assert.lengthOf(refused, 95)
      assert.lengthOf(await Task.query().where('status', 'queued'), 5)
      await Task.query().where('status', 'queued').delete()
    }
  })

  test('the place of a start that makes no new task is free again', async ({ assert, cleanup }) => {
    const engine = await idleEngine(folder, 4)
    cleanup(() => engine.stop(0))
    const ids = Array.from({ length: 4 }, () => randomUUID())
    cleanup(async () => {
      await Task.query().whereIn('id', ids).delete()
    })
    const [id] = ids
    const other = { ...request, input: { steps: 2, stepMs: 0 } }
    const results = await Promise.allSettled(
      [request, request, other].map((each) => engine.start({ ...each, id }))
    )
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected']
    )
    for (const next of ids.slice(1)) await engine.start({ ...request, id: next })
    await assert.rejects(() => engine.start(request), /4 tasks are waiting already/)
  })

  test('of those that are started at once with the same id, one begins', async ({
    assert,
    cleanup,
  }) => {
    const engine = await idleEngine(folder, 10)
    cleanup(() => engine.stop(0))
    const id = randomUUID()
    cleanup(async () => {
      await Task.query().where('id', id).delete()
    })
    const other = { ...request, input: { steps: 2, stepMs: 0 } }
    const [first, again, different] = await Promise.allSettled([
      engine.start({ ...request, id }),
      engine.start({ ...request, id }),
      engine.start({ ...other, id }),
    ])
    assert.isTrue(first.status === 'fulfilled' && first.value.isNew)
    assert.isTrue(again.status === 'fulfilled' && !again.value.isNew)
    assert.match(different.status === 'rejected' ? different.reason.message : '', /another body/)
    await engine.cancel(id, 'local')
  })

  test('takes no work any more once it stops', async ({ assert }) => {
    const engine = await idleEngine(folder, 10)
    await engine.stop(0)
    await assert.rejects(() => engine.start(request), /restarting/)
  })

  test('shows nobody the tasks of another owner', async ({ assert, cleanup }) => {
    const engine = await idleEngine(folder, 10)
    cleanup(() => engine.stop(0))
    const { task } = await engine.start({ ...request, owner: 'somebody' })
    cleanup(async () => {
      await Task.query().where('id', task.cut.id).delete()
    })
    assert.isNull(await engine.find(task.cut.id, 'local'))
    assert.isNull(await engine.cancel(task.cut.id, 'local'))
    assert.lengthOf(await engine.list({ owner: 'somebody', limit: 10 }), 1)
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
