import env from '#start/env'
import SQLite from 'better-sqlite3'
import { test } from '@japa/runner'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { TaskTable } from '#engine/task_table'

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
    const lines = [...statements].flatMap((sql) => {
      const explain = file.prepare(`explain query plan ${sql}`)
      const gaps = sql.split('?').length - 1
      return explain.all(...Array.from({ length: gaps }, () => null)) as { detail: string }[]
    })
    return lines.map(({ detail }) => detail).join('\n')
  } finally {
    file.close()
  }
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
        work: () => table().claim(randomUUID(), { idle: true }),
      },
      { title: 'next due', index: 'status_next_attempt_at_seq', work: () => table().nextDue() },
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
        index: 'status_runner_id',
        work: () => table().cancelRequests(randomUUID()),
      },
      {
        title: 'recovery',
        index: 'status_runner_id',
        work: () => table().recover(randomUUID(), error),
      },
      { title: 'expiry', index: 'status_expires_at', work: () => table().expire(error) },
      {
        title: 'retention',
        index: 'finished_at',
        work: () =>
          db.rawQuery(
            'select id, owner from tasks where finished_at < ? order by finished_at limit 100',
            ['2000']
          ),
      },
    ])
    .run(async ({ assert }, { work, index }) => {
      const plan = await plansOf(work)
      assert.include(plan, `tasks_${index}`)
      assert.notMatch(plan, /SCAN tasks(?! USING (COVERING )?INDEX)/)
      assert.notInclude(plan, 'TEMP B-TREE')
    })
})
