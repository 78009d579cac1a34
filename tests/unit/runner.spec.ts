import { test } from '@japa/runner'
import Task from '#models/task'
import { Cut } from '#engine/cut'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import TaskLog from '#models/task_log'
import { TaskTable } from '#engine/task_table'
import type { Snapshot } from '#engine/snapshot'
import type { StoredTask } from '#engine/stored_task'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { Persistent, startScript, theEngine } from '#tests/helpers/scripted'

test.group('The end of a run', () => {
  test('does not take away the next one, which may have begun before its log was written', async ({
    assert,
    cleanup,
  }) => {
    const engine = await theEngine()
    const written = deferred()
    const flush = engine.logs.flush
    cleanup(() => void (engine.logs.flush = flush))
    engine.logs.flush = async (log) => {
      await flush.call(engine.logs, log)
      if ((await Task.find(log.id))?.status !== 'processing') await written.promise
    }
    const aborted = deferred<unknown>()
    const id = await startScript(
      async ({ attempt, signal }) => {
        if (attempt === 1) throw new Error('not yet')
        signal.addEventListener('abort', () => aborted.resolve(signal.reason.why))
        await aborted.promise
        throw signal.reason
      },
      undefined,
      Persistent
    )
    await until(async () => {
      // Whoever starts a task wakes the runner.
      await startScript(async () => {})
      return (await Task.findOrFail(id)).attempt === 2
    })
    written.resolve()
    await endOf(await startScript(async () => {}))
    await engine.cancel(id, 'local')
    assert.equal(await aborted.promise, 'cancelled')
    assert.equal((await endOf(id)).snapshot.status, 'cancelled')
  })

  test('tells one order, although another attempt begins at once', async ({ assert, cleanup }) => {
    const engine = await theEngine()
    const id = randomUUID()
    const told: string[] = []
    const versions: number[] = []
    cleanup(
      engine.listen(({ id: of, version, snapshot }) => {
        if (of !== id) return
        told.push(`${snapshot.status} ${snapshot.attempt}`)
        versions.push(version)
      })
    )
    await startScript(
      async (task) => {
        task.log.info('one more line')
        throw new Error('no luck')
      },
      id,
      Persistent
    )
    await endOf(id)
    const tries = [1, 2, 3].flatMap((attempt) => [`processing ${attempt}`, `queued ${attempt}`])
    assert.deepEqual(told.slice(-6), [...tries.slice(0, 5), 'failed 3'])
    assert.deepEqual(
      versions,
      versions.toSorted((a, b) => a - b)
    )
    const lines = await TaskLog.query().where('task_id', id).where('message', 'one more line')
    assert.lengthOf(lines, 3)
  })

  test(
    'is told as it is in the table, when another process was asked to cancel it just before: {status}'
  )
    .with([
      { status: 'completed', error: null },
      { status: 'cancelled', error: new Error('no luck') },
    ])
    .run(async ({ assert, cleanup }, { status, error }) => {
      const engine = await theEngine()
      const id = randomUUID()
      const told: Snapshot[] = []
      cleanup(
        engine.listen((cut) => {
          if (cut.id === id) told.push(cut.snapshot)
        })
      )
      const at = new Date().toISOString()
      await startScript(
        async () => {
          await db.from('tasks').where({ id }).update({ cancel_requested_at: at })
          if (error) throw error
        },
        id,
        Persistent
      )
      const { snapshot } = await endOf(id)
      assert.containsSubset(snapshot, { status, cancelRequestedAt: at })
      assert.deepEqual(told.at(-1), snapshot)
      assert.deepEqual(new Cut((await new TaskTable(db).find(id)) as StoredTask).snapshot, snapshot)
    })

  test('keeps no line of a run that is no longer the claimed one', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await Task.query().where('id', task.id).increment('claim', 1)
      task.log.info('late')
    })
    await endOf(await startScript(async () => {}))
    const engine = await theEngine()
    await engine.logs.save()
    assert.lengthOf(await TaskLog.query().where('task_id', id), 0)
    await Task.query().where('id', id).delete()
  })

  test('is a failed one when what its type says can not be followed', async ({ assert }) => {
    const engine = await theEngine()
    class Careless extends Persistent {
      static type = 'careless'
    }
    engine.types.add(Careless, 'tests/unit/runner.spec.ts')
    Careless.backoff = { first: 'soon', longest: 'later' }
    const fail = async () => {
      throw new Error('no luck')
    }
    const { snapshot } = await endOf(await startScript(fail, undefined, Careless))
    assert.containsSubset(snapshot, { status: 'failed', error: { code: 'task-error' }, attempt: 1 })
  })
})
