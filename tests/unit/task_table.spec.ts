import { test } from '@japa/runner'
import Task from '#models/task'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { stored } from '#tests/helpers/stored'
import { TaskTable, type NewTask } from '#engine/task_table'
import { settle, type Circumstances } from '#engine/settling'
import type { StoredTask } from '#engine/stored_task'

const circumstances: Circumstances = {
  attempts: 2,
  backoff: { first: '1h', longest: '1h' },
  hasCheckpoint: false,
}
const failure = { code: 'task-error', message: 'no luck' }

test.group('The table of tasks', (group) => {
  const table = new TaskTable(db)
  group.each.teardown(async () => {
    await Task.query().where('owner', 'nobody').delete()
  })

  /** A task that nobody's process runs, and what the table holds of it. */
  async function running(columns: object = {}): Promise<StoredTask> {
    const id = await stored({
      status: 'processing',
      claim: 1,
      attempt: 1,
      max_attempts: 2,
      ...columns,
    })
    return (await table.find(id)) as StoredTask
  }

  test('a wish to cancel is not lost when the attempt ends meanwhile', async ({ assert }) => {
    const task = await running()
    const again = settle(task, { status: 'failed', error: failure, retry: true }, circumstances)
    assert.equal(again?.status, 'queued')
    // One connection: what is asked for first is done first.
    const [{ wasWaiting }, finished] = await Promise.all([
      table.requestCancel(task.id),
      table.finish(again ?? task, task.claim),
    ])
    assert.isFalse(wasWaiting)
    assert.isNull(finished)
    assert.isNotNull((await table.find(task.id))?.cancelRequestedAt)
  })

  test('a second wish to cancel leaves the first as it was', async ({ assert }) => {
    const task = await running()
    const first = await table.requestCancel(task.id)
    const second = await table.requestCancel(task.id)
    assert.equal(first.task?.status, 'processing')
    assert.isNotNull(first.task?.cancelRequestedAt)
    assert.deepEqual(second, first)
  })

  test('a waiting task is cancelled at once, and a finished one stays as it is', async ({
    assert,
  }) => {
    const waiting = await stored({
      status: 'queued',
      error: '{}',
      next_attempt_at: '2999-01-01T00:00:00.000Z',
    })
    const cancelled = await table.requestCancel(waiting)
    assert.isTrue(cancelled.wasWaiting)
    assert.containsSubset(cancelled.task, {
      status: 'cancelled',
      version: 2,
      error: null,
      nextAttemptAt: null,
    })
    assert.equal(cancelled.task?.finishedAt, cancelled.task?.cancelRequestedAt)
    assert.deepEqual(await table.requestCancel(waiting), { ...cancelled, wasWaiting: false })
    assert.deepEqual(await table.requestCancel(randomUUID()), { task: null, wasWaiting: false })
  })

  test('a task that was asked to stop does not fail because the server stops', async ({
    assert,
  }) => {
    const task = await running({ max_attempts: 1 })
    const interrupted = settle(task, { status: 'interrupted' }, circumstances)
    assert.equal(interrupted?.error?.code, 'interrupted')
    await table.requestCancel(task.id)
    assert.isNull(await table.finish(interrupted ?? task, task.claim))
    assert.equal((await table.find(task.id))?.status, 'processing')
  })

  test('progress of a run that is no longer the claimed one is left out', async ({ assert }) => {
    const tasks = [await running({ claim: 2 }), await running({ claim: 1 })]
    await table.saveProgress(
      tasks.map((task) => ({
        seq: task.seq,
        claim: 1,
        state: { ...task, progress: 50, version: 9 },
        hasNewLabels: false,
      }))
    )
    const progress = await Promise.all(
      tasks.map(async ({ id }) => (await table.find(id))?.progress)
    )
    assert.deepEqual(progress, [null, 50])
  })

  test('a task whose id has a tombstone is left out', async ({ assert, cleanup }) => {
    const [gone, free] = [randomUUID(), randomUUID()]
    await db
      .table('tombstones')
      .insert({ id: gone, owner: 'nobody', gone_at: new Date().toISOString() })
    cleanup(async () => {
      await db.from('tombstones').where('id', gone).delete()
    })
    const rows = [gone, free].map((id): NewTask => {
      const createdAt = new Date().toISOString()
      const about = { owner: 'nobody', type: 'x', input: {}, file: null, fingerprint: 'x' }
      // Over before any runner could take it.
      return { id, ...about, maxAttempts: 1, createdAt, expiresAt: '2000-01-01T00:00:00.000Z' }
    })
    assert.deepEqual([...(await table.insert(rows)).keys()], [free])
    assert.isNull(await table.find(gone))
  })
})

test.group('The pause before another attempt', () => {
  test('grows with the attempts that failed, not with those that were interrupted', ({
    assert,
  }) => {
    const backoff = { first: '1s', longest: '1h' }
    const pauseOf = (attempt: number, maxAttempts: number) => {
      const task = { attempt, maxAttempts } as StoredTask
      const failed = { status: 'failed', error: failure, retry: true } as const
      const next = settle(task, failed, { attempts: 3, backoff, hasCheckpoint: false })
      return Date.parse(next?.nextAttemptAt ?? '') - Date.parse(next?.updatedAt ?? '')
    }
    const isAbout = (whole: number, pause: number) => pause >= whole / 2 && pause <= whole + 100
    assert.isTrue(isAbout(1000, pauseOf(1, 3)))
    assert.isTrue(isAbout(2000, pauseOf(2, 3)))
    // Three interrupted attempts, then the first that fails.
    assert.isTrue(isAbout(1000, pauseOf(4, 6)))
    assert.isTrue(isAbout(2000, pauseOf(5, 6)))
  })
})
