import env from '#start/env'
import SQLite from 'better-sqlite3'
import { test } from '@japa/runner'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { Retention } from '#engine/retention'
import { now } from '#engine/task_state'
import { TaskTable } from '#engine/task_table'
import { IdempotencyKeys } from '#engine/idempotency_keys'
import { keepFor, longAgo, stored } from '#tests/helpers/stored'
import { theEngine } from '#tests/helpers/scripted'

/** How SQLite goes about each statement on `tasks` that the work sends. */
async function plansOf(work: () => Promise<unknown>): Promise<string> {
  const statements = new Set<string>()
  const client = db.connection().getWriteClient()
  const note = ({ sql }: { sql: string }) => statements.add(sql)
  client.on('query', note)
  try {
    await work()
  } finally {
    client.off('query', note)
  }
  const file = new SQLite(app.makePath(env.get('SQLITE_PATH')), { readonly: true })
  try {
    const onTasks = [...statements].filter((sql) => /\btasks\b/.test(sql))
    const lines = onTasks.flatMap((sql) => {
      const explain = file.prepare(`explain query plan ${sql}`)
      const gaps = sql.split('?').length - 1
      return explain.all(...Array.from({ length: gaps }, () => null)) as { detail: string }[]
    })
    return lines.map(({ detail }) => detail).join('\n')
  } finally {
    file.close()
  }
}

/** One round of the real thing. */
async function pruneOnce(): Promise<void> {
  const { taskFiles: files } = await theEngine()
  const logger = await app.container.make('logger')
  const retention = new Retention({
    db,
    logger,
    files,
    keys: new IdempotencyKeys(db, new TaskTable(db)),
    keepFor,
    tell: () => {},
  })
  retention.begin()
  await retention.stop()
}

test.group('No statement reads the whole table', () => {
  const table = () => new TaskTable(db)
  const page = { owner: 'nobody', limit: 20 }
  const error = { code: 'x', message: 'x' }

  test('{title}')
    .with([
      {
        title: 'claim',
        index: 'status_next_attempt_at_seq',
        // Nobody's, so that nothing of other tests is taken.
        work: () => table().claim(randomUUID(), { suspectsUntil: new Date(0) }),
      },
      {
        title: 'next due',
        index: 'status_next_attempt_at_seq',
        work: () => table().nextDue({ suspectsUntil: new Date(0) }),
      },
      { title: 'how many wait', index: 'status_', work: () => table().countQueued() },
      { title: 'list', index: 'owner_seq', work: () => table().list(page) },
      { title: 'next page', index: 'owner_seq', work: () => table().list({ ...page, before: 9 }) },
      {
        title: 'list by status',
        index: 'owner_status_seq',
        work: () => table().list({ ...page, status: 'failed' }),
      },
      {
        title: 'list by type',
        index: 'owner_type_seq',
        work: () => table().list({ ...page, type: 'simulate' }),
      },
      { title: 'who runs', index: 'status_runner_id', work: () => table().activeRunners() },
      {
        title: 'wishes to cancel',
        index: 'status_cancel_requested_at',
        work: () => table().cancelRequests(),
      },
      {
        title: 'recovery',
        index: 'status_runner_id',
        work: () => table().recover(randomUUID(), error),
      },
      {
        title: 'expiry',
        index: 'status_expires_at',
        work: async () => {
          const task = await stored({ status: 'queued', expires_at: longAgo })
          await table().expire(error)
          const { status } = (await table().find(task)) ?? {}
          if (status !== 'failed') throw new Error(`It is ${status}`)
        },
      },
      {
        title: 'retention',
        index: 'finished_at',
        work: async () => {
          const task = await stored({ status: 'completed', finished_at: longAgo })
          await pruneOnce()
          if (await table().find(task)) throw new Error('It was not pruned')
        },
      },
    ])
    .run(async ({ assert }, { work, index }) => {
      const plan = await plansOf(work)
      assert.include(plan, `tasks_${index}`)
      assert.notMatch(plan, /SCAN tasks(?! USING (COVERING )?INDEX)/)
      assert.notInclude(plan, 'TEMP B-TREE')
    })

  test('progress goes by the order of the table', async ({ assert }) => {
    const id = await stored({ status: 'completed', claim: 1, finished_at: now() })
    const task = await table().find(id)
    assert.exists(task)
    const { seq, claim } = task!
    for (const hasNewLabels of [false, true]) {
      const plan = await plansOf(() =>
        table().saveProgress([{ seq, claim, state: task!, hasNewLabels }])
      )
      assert.include(plan, 'SEARCH tasks USING INTEGER PRIMARY KEY')
      assert.notInclude(plan, 'USING INDEX')
    }
  })
})
