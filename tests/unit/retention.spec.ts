import { test } from '@japa/runner'
import Task from '#models/task'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { Retention } from '#engine/retention'
import { TaskTable } from '#engine/task_table'
import { IdempotencyKeys } from '#engine/idempotency_keys'
import { turns, until } from '#tests/helpers/waiting'
import { keepFor, longAgo, stored } from '#tests/helpers/stored'
import { theEngine } from '#tests/helpers/scripted'

test.group('Retention', (group) => {
  let batches: number[]
  let retention: Retention
  group.each.setup(async () => {
    batches = []
    retention = new Retention({
      db,
      logger: await app.container.make('logger'),
      files: (await theEngine()).taskFiles,
      keys: new IdempotencyKeys(db, new TaskTable(db)),
      keepFor,
      tell: (gone) => batches.push(gone.length),
    })
    return () => retention.stop()
  })

  test('prunes a hundred at a time, all that are old enough and no other', async ({ assert }) => {
    const ids: string[] = []
    for (let made = 0; made < 250; made++) {
      ids.push(await stored({ status: 'completed', finished_at: longAgo }))
    }
    const young = await stored({ status: 'completed', finished_at: new Date().toISOString() })
    const live = await stored({ status: 'processing' })
    retention.begin()
    await until(() => batches.length === 3)
    assert.deepEqual(batches, [100, 100, 50])
    assert.lengthOf(await Task.query().whereIn('id', ids), 0)
    assert.lengthOf(await Task.query().whereIn('id', [young, live]), 2)
    const graves = await db.from('tombstones').where('owner', 'nobody').select('id')
    assert.includeMembers(
      graves.map(({ id }) => id),
      ids
    )
    await Task.query().where('owner', 'nobody').delete()
  })

  test('a task whose files can not be removed is gone all the same', async ({
    assert,
    cleanup,
  }) => {
    const { taskFiles } = await theEngine()
    const { removeOf } = taskFiles
    cleanup(() => void (taskFiles.removeOf = removeOf))
    taskFiles.removeOf = () => Promise.reject(new Error('They are stuck'))
    const id = await stored({ status: 'completed', finished_at: longAgo })
    assert.isTrue(await retention.forget(id))
    assert.isFalse(await retention.forget(id))
    assert.deepEqual(batches, [1])
  })

  test('is not held up by a task beside its own tombstone', async ({ assert }) => {
    const id = await stored({ status: 'completed', finished_at: longAgo })
    const other = await stored({ status: 'completed', finished_at: longAgo })
    await db.table('tombstones').insert({ id, owner: 'nobody', gone_at: longAgo })
    retention.begin()
    await until(async () => (await Task.query().whereIn('id', [id, other])).length === 0)
    assert.deepEqual(batches, [2])
  })

  test('an id that is deleted and started at once is a task or gone, never both', async ({
    assert,
  }) => {
    const engine = await theEngine()
    const request = { owner: 'local', type: 'simulate', input: { steps: 1, stepMs: 0 } }
    for (const key of [undefined, 'again']) {
      for (let wait = 0; wait < 20; wait++) {
        const id = randomUUID()
        await engine.start({ ...request, id })
        await until(async () => (await engine.cutOf(id))?.snapshot.finishedAt)
        const start = turns(wait).then(() =>
          engine.start({ ...request, id, key: key && `${key} ${wait}` })
        )
        const [forgotten, started] = await Promise.allSettled([engine.forget(id, 'local'), start])
        assert.equal(forgotten.status, 'fulfilled')
        if (started.status === 'rejected') assert.match(String(started.reason), /is gone/)
        else assert.isFalse(started.value.isNew)
        assert.isNull(await Task.find(id))
      }
    }
  })
})
