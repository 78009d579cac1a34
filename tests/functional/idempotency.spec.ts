import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import db from '@adonisjs/lucid/services/db'
import { endOf, until } from '#tests/helpers/waiting'
import { resolveOwnerBy } from '#start/owner'
import { filesIn, filesOf, send, start, startImport } from '#tests/helpers/http'

const body = () => ({ type: 'simulate', input: { steps: 1, stepMs: Math.random() } })
const keyed = (key: string) => ({ 'Idempotency-Key': key })

/** How many tasks were made of this input. */
async function made(input: object): Promise<number> {
  const rows = await db.from('tasks').where('input', JSON.stringify(input)).select('id')
  return rows.length
}

test.group('Idempotency-Key', () => {
  test('the same key and body again gives the task as it is', async ({ assert }) => {
    const [key, task] = [randomUUID(), body()]
    const first = await start(task, keyed(`"${key}"`))
    assert.equal(first.status, 202)
    assert.isNull(first.headers.get('idempotent-replayed'))
    await endOf(first.body.id)

    const { type, input } = task
    const again = await start({ input, type }, keyed(key))
    assert.equal(again.status, 202)
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(again.headers.get('location'), `/tasks/${first.body.id}`)
    assert.containsSubset(again.body, { id: first.body.id, status: 'completed' })
    assert.equal(await made(input), 1)
  })

  test('whoever repeats it is answered in full, also when he has that version', async ({
    assert,
  }) => {
    const [key, task] = [randomUUID(), body()]
    const first = await start(task, keyed(key))
    const { version } = await endOf(first.body.id)
    const again = await start(task, { ...keyed(key), 'If-None-Match': `"${version}"` })
    assert.equal(again.status, 202)
    assert.equal(again.headers.get('etag'), `"${version}"`)
    assert.equal(again.body?.id, first.body.id)
  })

  test('the same key with another body, type or id is refused', async ({ assert }) => {
    const [key, task] = [randomUUID(), body()]
    const first = await start(task, keyed(key))
    for (const other of [
      { ...task, input: { steps: 2 } },
      { ...task, type: 'import-csv', input: { dataset: 'x' } },
      { ...task, id: randomUUID() },
    ]) {
      const answer = await start(other, keyed(key))
      assert.equal(answer.status, 422)
      const isValid = other.type === 'simulate'
      assert.equal(answer.body.code, isValid ? 'idempotency-key-reused' : 'invalid-input')
    }
    assert.equal(await made(task.input), 1)
    await endOf(first.body.id)
  })

  test('another key makes another task', async ({ assert }) => {
    const task = body()
    const [one, two] = [
      await start(task, keyed(randomUUID())),
      await start(task, keyed(randomUUID())),
    ]
    assert.notEqual(one.body.id, two.body.id)
    assert.equal(await made(task.input), 2)
  })

  test('keys are those of their owner', async ({ assert, cleanup }) => {
    cleanup(resolveOwnerBy(({ request }) => request.header('x-owner') ?? 'local'))
    const [key, task] = [randomUUID(), body()]
    const mine = await start(task, keyed(key))
    const theirs = await start(task, { ...keyed(key), 'x-owner': 'eve' })
    assert.equal(theirs.status, 202)
    assert.notEqual(theirs.body.id, mine.body.id)
    assert.isNull(theirs.headers.get('idempotent-replayed'))
  })

  test('fifty identical requests at once make one task', async ({ assert }) => {
    const [key, task] = [randomUUID(), body()]
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(task, keyed(key))))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202])
    assert.equal(new Set(answers.map(({ body: { id } }) => id)).size, 1)
    const fresh = answers.filter(({ headers }) => !headers.has('idempotent-replayed'))
    assert.lengthOf(fresh, 1)
    assert.equal(await made(task.input), 1)
    assert.equal((await endOf(answers[0].body.id)).snapshot.attempt, 1)
  })

  test('fifty identical uploads at once make one task and keep one file: {$self}')
    .with(['with a key', 'with an id', 'with both'])
    .run(async ({ assert }, how) => {
      const upload = { dataset: randomUUID(), content: 'a\n1\n' }
      const id = how === 'with a key' ? undefined : randomUUID()
      const headers = how === 'with an id' ? {} : keyed(randomUUID())
      const before = (await filesIn('uploads')).length
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => startImport({ ...upload, id }, headers))
      )
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202])
      const ids = [...new Set(answers.map(({ body: task }) => task.id))]
      assert.lengthOf(ids, 1)
      assert.equal((await endOf(ids[0])).snapshot.status, 'completed')
      assert.lengthOf(await filesOf(ids[0]), 1)
      assert.lengthOf(await filesIn('uploads'), before + 1)
      await until(async () => (await filesIn('incoming')).length === 0)
      const { length } = await db.from('dataset_rows').where('dataset', upload.dataset)
      assert.equal(length, 1)
    })

  test('the same key with another file is refused, and the file is not kept', async ({
    assert,
  }) => {
    const [headers, dataset] = [keyed(randomUUID()), randomUUID()]
    const first = await startImport({ dataset, content: 'a\n1\n' }, headers)
    await endOf(first.body.id)
    const before = await filesIn('uploads')
    const other = await startImport({ dataset, content: 'a\n2\n' }, headers)
    assert.equal(other.body.code, 'idempotency-key-reused')
    assert.sameMembers(await filesIn('uploads'), before)
    assert.lengthOf(await filesIn('incoming'), 0)
  })

  test('a request that failed leaves its key free', async ({ assert }) => {
    const key = randomUUID()
    const task = body()
    const id = randomUUID()
    await start({ ...body(), id })
    const taken = await start({ ...task, id }, keyed(key))
    assert.equal(taken.body.code, 'id-taken')
    const wrong = await start({ ...task, input: { steps: 'many' } }, keyed(key))
    assert.equal(wrong.status, 422)

    const right = await start(task, keyed(key))
    assert.equal(right.status, 202)
    assert.isNull(right.headers.get('idempotent-replayed'))
  })

  test('an old key is free again, for one of many at once', async ({ assert }) => {
    const key = randomUUID()
    const old = await start(body(), keyed(key))
    await db
      .from('idempotency_keys')
      .where('key', key)
      .update({ expires_at: new Date().toISOString() })
    const task = body()
    const answers = await Promise.all(Array.from({ length: 10 }, () => start(task, keyed(key))))
    assert.equal(new Set(answers.map(({ body: { id } }) => id)).size, 1)
    assert.notEqual(answers[0].body.id, old.body.id)
    assert.equal(await made(task.input), 1)
  })

  test('the key of a forgotten task says that it is gone', async ({ assert }) => {
    const [key, task] = [randomUUID(), body()]
    const { body: first } = await start(task, keyed(key))
    await endOf(first.id)
    assert.equal((await send('DELETE', first.links.self)).status, 204)
    const again = await start(task, keyed(key))
    assert.deepEqual([again.status, again.body.code], [410, 'task-gone'])
  })

  test('nonsense is refused before anything is read: {$self}')
    .with(['', ' ', '"', 'a b', '"a", "b"', 'x'.repeat(256)])
    .run(async ({ assert }, key) => {
      const task = body()
      const answer = await start(task, keyed(key))
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid-idempotency-key'])
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.equal(await made(task.input), 0)
    })

  test('a request without a key asks nothing about keys', async ({ assert, cleanup }) => {
    const statements: string[] = []
    const { client } = db.connection().getWriteClient()
    const hear = ({ sql }: { sql: string }) => void statements.push(sql)
    client.on('query', hear)
    cleanup(() => void client.off('query', hear))
    const { body: task } = await start(body())
    await endOf(task.id)
    // Old keys are swept at any time.
    const asked = statements.filter((sql) => /idempotency_keys/.test(sql) && !/^delete/.test(sql))
    assert.deepEqual(asked, [])
    assert.lengthOf(
      statements.filter((sql) => /^insert into .?tasks\b/.test(sql)),
      1
    )
  })
})
