import { test } from '@japa/runner'
import Task from '#models/task'
import db from '@adonisjs/lucid/services/db'
import { endOf } from '#tests/helpers/waiting'
import { startScript } from '#tests/helpers/scripted'

const insert = { dataset: 'commits', data: '{}' }

test.group('commit', (group) => {
  group.each.teardown(async () => {
    await db.from('dataset_rows').where('dataset', 'commits').delete()
  })

  test('stores the work and the checkpoint together', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await task.commit({ line: 7 }, (trx) =>
        trx.table('dataset_rows').insert({ ...insert, task_id: task.id, line: 7 })
      )
    })
    assert.equal((await endOf(id)).snapshot.status, 'completed')
    assert.deepEqual((await Task.findOrFail(id)).checkpoint, { line: 7 })
    assert.lengthOf(await db.from('dataset_rows').where('task_id', id), 1)
  })

  test('stores neither when the work throws', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await task.commit({ line: 1 }, async (trx) => {
        await trx.table('dataset_rows').insert({ ...insert, task_id: task.id, line: 1 })
        throw new Error('half way')
      })
    })
    assert.equal((await endOf(id)).snapshot.error?.message, 'half way')
    assert.isNull((await Task.findOrFail(id)).checkpoint)
    assert.lengthOf(await db.from('dataset_rows').where('task_id', id), 0)
  })

  test('fails when only COMMIT does, stores nothing, and leaves the connection free', async ({
    assert,
  }) => {
    const id = await startScript(async (task) => {
      await task.commit({ line: 1 }, async (trx) => {
        await trx.table('dataset_rows').insert({ ...insert, task_id: task.id, line: 1 })
        await trx.rawQuery('pragma defer_foreign_keys = on')
        await trx.table('dataset_rejects').insert({ task_id: 'nobody', line: 1, reason: '' })
      })
    })
    assert.include((await endOf(id)).snapshot.error?.message, 'FOREIGN KEY')
    assert.isNull((await Task.findOrFail(id)).checkpoint)
    assert.lengthOf(await db.from('dataset_rows').where('task_id', id), 0)
    const next = await startScript((task) => task.commit(1, () => {}))
    assert.equal((await endOf(next)).snapshot.status, 'completed')
  })

  test('a query that does not use the transaction fails at once and names the type', async ({
    assert,
  }) => {
    const id = await startScript(async (task) => {
      await task.commit(1, async () => {
        await db.from('tasks').where('id', task.id).first()
      })
    })
    const { snapshot } = await endOf(id)
    assert.deepEqual(snapshot.error, {
      code: 'query-outside-commit',
      message: 'scripted: a query inside commit() must use the trx it is given',
    })
    // The connection is free: it was not waited for.
    assert.isAbove((await db.from('tasks').where('id', id)).length, 0)
  })

  test('queries of others wait for a commit and then go on', async ({ assert }) => {
    let others: Promise<unknown[]> | undefined
    const reached = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const id = await startScript(async (task) => {
      await task.commit(1, async () => {
        reached.resolve()
        await go.promise
      })
    })
    await reached.promise
    others = db.from('tasks').where('id', id).exec()
    go.resolve()
    assert.lengthOf(await others, 1)
    assert.equal((await endOf(id)).snapshot.status, 'completed')
  })

  test('a run that is no longer the claimed one stores nothing and ends nothing', async ({
    assert,
  }) => {
    const thrown = Promise.withResolvers<unknown>()
    const id = await startScript(async (task) => {
      await Task.query().where('id', task.id).increment('claim', 1)
      const work = task.commit({ line: 1 }, (trx) =>
        trx.table('dataset_rows').insert({ ...insert, task_id: task.id, line: 1 })
      )
      await work.catch((error) => {
        thrown.resolve(error)
        throw error
      })
    })
    assert.include(String(await thrown.promise), 'was taken from this run')
    // The slot is free once the run is over, and the next task is told after it.
    await endOf(await startScript(async () => {}))
    const task = await Task.findOrFail(id)
    assert.equal(task.status, 'processing')
    assert.isNull(task.checkpoint)
    assert.lengthOf(await db.from('dataset_rows').where('task_id', id), 0)
    await Task.query().where('id', id).delete()
  })
})
