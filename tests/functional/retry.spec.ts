import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import db from '@adonisjs/lucid/services/db'
import { resolveOwnerBy } from '#start/owner'
import type { Snapshot } from '#engine/snapshot'
import { difficultCsv } from '#tests/helpers/import_file'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { startScript, type Scripted } from '#tests/helpers/scripted'
import { filesIn, filesOf, send, startImport } from '#tests/helpers/http'

const retry = (id: string, headers: Record<string, string> = {}) =>
  send('POST', `/tasks/${id}/retry`, { headers })

/** A task that has failed at its third unit, and would not do so again. */
async function failed(more?: (task: Scripted) => Promise<unknown>) {
  let isFirst = true
  const id = await startScript(async (task) => {
    if (!isFirst) return more?.(task)
    isFirst = false
    await task.commit({ done: 3 }, () => {})
    task.report({ current: 3, total: 10, unit: 'things', progress: 30, message: 'three' })
    throw new Error('Not this time')
  })
  const { snapshot } = await endOf(id)
  return snapshot
}

/** Has every insert into a dataset fail behind a line. Gives the way back. */
async function refuseRows(dataset: string, line: number): Promise<() => Promise<void>> {
  await db.rawQuery(
    `create trigger refuse_rows before insert on dataset_rows
     when new.dataset = '${dataset}' and new.line > ${line}
     begin select raise(abort, 'refused by the test'); end`
  )
  return async () => {
    await db.rawQuery('drop trigger if exists refuse_rows')
  }
}

test.group('Retrying a task', () => {
  test('makes a new one that goes on from the checkpoint; the old one stays as it is', async ({
    assert,
  }) => {
    const go = deferred()
    const seen: unknown[] = []
    const old = await failed(async (task) => {
      seen.push(task.checkpoint, task.attempt, task.current)
      await go.promise
      return 'done'
    })
    const before = await send('GET', `/tasks/${old.id}`)

    const answer = await retry(old.id)
    assert.equal(answer.status, 202)
    const task = answer.body
    assert.notEqual(task.id, old.id)
    assert.equal(answer.headers.get('location'), `/tasks/${task.id}`)
    assert.equal(answer.headers.get('retry-after'), '1')
    assert.equal(answer.headers.get('etag'), '"1"')
    assert.containsSubset(task, {
      type: 'scripted',
      status: 'queued',
      retryOf: old.id,
      attempt: 0,
      progress: 30,
      current: 3,
      total: 10,
      unit: 'things',
      message: 'three',
      error: null,
      startedAt: null,
      finishedAt: null,
      input: before.body.input,
      links: { self: `/tasks/${task.id}` },
    })
    await until(() => seen.length > 0)
    assert.deepEqual(seen, [{ done: 3 }, 1, 3])
    go.resolve()
    const end = await endOf(task.id)
    assert.containsSubset(end.snapshot, { status: 'completed', retryOf: old.id, attempt: 1 })
    assert.equal((await send('GET', `/tasks/${old.id}`)).text, before.text)
  })

  test('without a checkpoint it begins again', async ({ assert }) => {
    const id = await startScript(async (task) => {
      task.report({ current: 3, total: 10, progress: 30, message: 'three' })
      throw new Error('Never')
    })
    await endOf(id)
    const { body } = await retry(id)
    const nothing = { progress: null, current: null, total: null, message: null, error: null }
    assert.containsSubset(body, { status: 'queued', retryOf: id, ...nothing })
    assert.equal((await endOf(body.id)).snapshot.status, 'failed')
  })

  test('a cancelled one can be retried, and a retry, too', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await setTimeout(60_000, undefined, { signal: task.signal })
    })
    let last = id
    for (let round = 0; round < 3; round++) {
      await send('POST', `/tasks/${last}/cancel`)
      assert.equal((await endOf(last)).snapshot.status, 'cancelled')
      const { status, body } = await retry(last)
      assert.deepEqual([status, body.retryOf], [202, last])
      last = body.id
    }
    await send('POST', `/tasks/${last}/cancel`)
  })

  test('a task that lives or has completed is not', async ({ assert }) => {
    const go = deferred()
    const id = await startScript(() => go.promise)
    const live = await retry(id)
    assert.deepEqual([live.status, live.body.code], [409, 'not-retryable'])
    go.resolve()
    await endOf(id)
    const completed = await retry(id)
    assert.deepEqual([completed.status, completed.body.code], [409, 'not-retryable'])
    assert.include(completed.body.detail, 'completed')
  })

  test('unknown and not yours is 404, forgotten is 410', async ({ assert, cleanup }) => {
    cleanup(resolveOwnerBy(({ request }) => request.header('x-owner') ?? 'local'))
    const { id } = await failed()
    assert.equal((await retry(randomUUID())).status, 404)
    assert.equal((await retry(id, { 'x-owner': 'eve' })).body.code, 'task-not-found')
    await send('DELETE', `/tasks/${id}`)
    const gone = await retry(id)
    assert.deepEqual([gone.status, gone.body.code], [410, 'task-gone'])
  })

  test('the same key again gives the same new task, also when the old one is gone', async ({
    assert,
  }) => {
    const [one, two] = [await failed(), await failed()]
    const key = { 'Idempotency-Key': randomUUID() }
    const answers = await Promise.all(Array.from({ length: 50 }, () => retry(one.id, key)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202])
    const ids = new Set(answers.map(({ body }) => body.id))
    assert.equal(ids.size, 1)
    const made = await db.from('tasks').where('retry_of', one.id).select('id')
    assert.lengthOf(made, 1)

    const other = await retry(two.id, key)
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency-key-reused'])
    await send('DELETE', `/tasks/${one.id}`)
    const again = await retry(one.id, key)
    assert.deepEqual([again.status, again.body.id], [202, answers[0].body.id])
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    const nonsense = await retry(two.id, { 'Idempotency-Key': 'a b' })
    assert.equal(nonsense.body.code, 'invalid-idempotency-key')
  })

  test('Prefer: wait=N works here as well', async ({ assert }) => {
    const { id } = await failed(async () => 'done')
    const answer = await retry(id, { Prefer: 'wait=60' })
    assert.deepEqual([answer.status, answer.body.status], [200, 'completed'])
    assert.equal(answer.headers.get('preference-applied'), 'wait=60')
  })
})

test.group('Retrying an import', () => {
  const ROWS = 20_000

  /** All that was loaded into a dataset, by whichever import. */
  async function loaded(dataset: string) {
    const rows = await db.from('dataset_rows').where('dataset', dataset).select('task_id', 'line')
    const of = (id: string) => rows.filter((row) => row.task_id === id).map(({ line }) => line)
    return { of, count: rows.length, lines: new Set(rows.map(({ line }) => line)).size }
  }

  test('goes on behind the last stored row: every row is there once, and all are counted', async ({
    assert,
    cleanup,
  }) => {
    const dataset = randomUUID()
    const allow = await refuseRows(dataset, ROWS)
    cleanup(allow)
    const { body: old } = await startImport({ dataset, content: difficultCsv(ROWS) })
    const { snapshot } = await endOf(old.id)
    assert.containsSubset(snapshot, { status: 'failed', attempt: 3 })
    const before = await loaded(dataset)
    assert.isAbove(before.count, 0)
    assert.isBelow(before.count, ROWS)
    await allow()

    const { status, body } = await retry(old.id)
    assert.equal(status, 202)
    assert.equal(body.current, before.count)
    const end = await endOf(body.id)
    assert.containsSubset(end.snapshot, { status: 'completed', current: ROWS, progress: 100 })
    const result = end.result as { rows: number; rejected: number; rejectedLines: object[] }
    assert.deepEqual([result.rows, result.rejected], [ROWS, ROWS / 1000])
    assert.lengthOf(result.rejectedLines, ROWS / 1000)

    const after = await loaded(dataset)
    assert.deepEqual([after.count, after.lines], [ROWS, ROWS])
    assert.sameMembers(after.of(old.id), before.of(old.id))
    assert.isAbove(Math.min(...after.of(body.id)), Math.max(...after.of(old.id)))
    assert.deepInclude((await send('GET', `/tasks/${old.id}`)).body, { status: 'failed' })
  }).timeout(60_000)

  test('whose dataset was deleted begins again, also when a retry in between has added no row', async ({
    assert,
    cleanup,
  }) => {
    const dataset = randomUUID()
    const content = difficultCsv(ROWS)
    const allow = await refuseRows(dataset, ROWS)
    cleanup(allow)
    const { body: first } = await startImport({ dataset, content })
    await endOf(first.id)
    const stored = (await loaded(dataset)).count
    assert.isAbove(stored, 0)
    const { body: second } = await retry(first.id)
    assert.equal((await endOf(second.id)).snapshot.status, 'failed')
    assert.equal((await loaded(dataset)).count, stored)
    await allow()

    const { body: third } = await retry(second.id)
    assert.equal(((await endOf(third.id)).result as { rows: number }).rows, ROWS)
    const whole = await loaded(dataset)
    assert.deepEqual([whole.count, whole.lines], [ROWS, ROWS])
    assert.isEmpty(whole.of(second.id))

    assert.equal((await send('DELETE', `/datasets/${dataset}`)).status, 204)
    for (const { id } of [first, second]) {
      const { body } = await retry(id)
      assert.equal(body.current, stored)
      const end = await endOf(body.id)
      const result = end.result as { rows: number; rejected: number; rejectedLines: object[] }
      assert.deepEqual([result.rows, result.rejected], [ROWS, ROWS / 1000])
      assert.lengthOf(result.rejectedLines, ROWS / 1000)
      assert.deepEqual([end.snapshot.current, end.snapshot.progress], [ROWS, 100])
      const { of } = await loaded(dataset)
      assert.lengthOf(of(body.id), ROWS)
    }
  }).timeout(60_000)

  test('its file outlives that of the old one, and the other way round', async ({
    assert,
    cleanup,
  }) => {
    const dataset = randomUUID()
    const allow = await refuseRows(dataset, 0)
    cleanup(allow)
    const { body: old } = await startImport({ dataset, content: 'a\n1\n2\n' })
    const waits = async () => {
      const { body } = await send('GET', `/tasks/${old.id}`)
      return body.status === 'queued' && body.attempt > 0
    }
    await until(waits)
    await send('POST', `/tasks/${old.id}/cancel`)
    await endOf(old.id)
    await allow()

    const retries: Snapshot[] = []
    for (let round = 0; round < 2; round++) retries.push((await retry(old.id)).body)
    assert.equal((await send('DELETE', `/tasks/${old.id}`)).status, 204)
    assert.lengthOf(await filesOf(old.id), 0)
    for (const { id } of retries) {
      const end = await endOf(id)
      assert.containsSubset(end.snapshot, { status: 'completed', retryOf: old.id })
      assert.equal((end.result as { rows: number }).rows, 2)
      assert.lengthOf(await filesOf(id), 1)
      assert.equal((await send('DELETE', `/tasks/${id}`)).status, 204)
      assert.lengthOf(await filesOf(id), 0)
    }
    assert.equal((await loaded(dataset)).count, 4)
    assert.lengthOf(await filesIn('incoming'), 0)
  })
})
