import { test } from '@japa/runner'
import { gunzipSync } from 'node:zlib'
import { randomUUID } from 'node:crypto'
import { resolveOwnerBy } from '#start/owner'
import type { Snapshot } from '#engine/snapshot'
import { endOf } from '#tests/helpers/waiting'
import { load, rowsIn } from '#tests/helpers/dataset'
import { DatasetReader } from '#models/dataset_reader'
import { difficultCsv } from '#tests/helpers/import_file'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

/** Exports a dataset; gives the end of the task and, where there is one, the file. */
async function exported(input: object, owner = 'local') {
  const started = await fetch(`${base()}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-owner': owner },
    body: JSON.stringify({ type: 'export-dataset', input }),
  })
  const { id } = (await started.json()) as Snapshot
  const { snapshot } = await endOf(id)
  const answer = await fetch(`${base()}/tasks/${id}/result`, { headers: { 'x-owner': owner } })
  return { snapshot, answer, bytes: Buffer.from(await answer.arrayBuffer()) }
}

test.group('Exporting a dataset', () => {
  test('as CSV, which loads again as it was', async ({ assert }) => {
    const [name, copy] = [randomUUID(), randomUUID()]
    await load(name, difficultCsv(2500))
    const { snapshot, answer, bytes } = await exported({ dataset: name })
    assert.containsSubset(snapshot, {
      status: 'completed',
      progress: 100,
      current: 2500,
      total: 2500,
      unit: 'rows',
      result: { rows: 2500, file: { name: `${name}.csv`, size: bytes.length } },
    })
    assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8')
    const text = bytes.toString()
    assert.isTrue(text.startsWith('id,name,a note\r\n1,"Zoë ""1"" 😀","first line\nsecond, ł"\r\n'))

    assert.containsSubset((await load(copy, text)).result, { rows: 2500, rejected: 0 })
    const rows = await rowsIn(name)
    assert.lengthOf(rows, 2500)
    assert.deepEqual(await rowsIn(copy), rows)
  })

  test('large rows are read a few at a time, small ones by the thousand', async ({ assert }) => {
    const name = randomUUID()
    await load(name, `a,b\n${'1,2\n'.repeat(1500)}${`1,${'x'.repeat(400_000)}\n`.repeat(8)}3,4\n`)
    const reader = await DatasetReader.open((await exported({ dataset: name })).snapshot.id, name)
    const batches: number[] = []
    const lines: string[] = []
    for await (const rows of reader?.batches() ?? []) {
      batches.push(rows.length)
      lines.push(...rows)
    }
    assert.deepEqual(batches, [1000, 503, 3, 3])
    const stored = await rowsIn(name)
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      stored
    )
  })

  test('as NDJSON, compressed: a row of JSON a line', async ({ assert }) => {
    const name = randomUUID()
    await load(name, difficultCsv(1500))
    const { answer, bytes } = await exported({ dataset: name, format: 'ndjson', gzip: true })
    assert.equal(answer.headers.get('content-type'), 'application/gzip')
    assert.equal(
      answer.headers.get('content-disposition'),
      `attachment; filename=${name}.ndjson.gz`
    )
    const text = gunzipSync(bytes).toString()
    assert.isTrue(text.endsWith('}\n'))
    const lines = text.trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      await rowsIn(name)
    )
  })

  test('as CSV, compressed', async ({ assert }) => {
    const name = randomUUID()
    await load(name, 'a,b\n1,2\n')
    const { snapshot, bytes } = await exported({ dataset: name, format: 'csv', gzip: true })
    assert.containsSubset(snapshot.result, { file: { name: `${name}.csv.gz` } })
    assert.equal(gunzipSync(bytes).toString(), 'a,b\r\n1,2\r\n')
  })

  test('of several imports: one after the other, under the columns of all', async ({ assert }) => {
    const name = randomUUID()
    await load(name, 'a,b\n1,2\n')
    await load(name, 'b,__proto__,constructor,x.y\n3,4,5,6\n')
    const { bytes } = await exported({ dataset: name })
    assert.equal(bytes.toString(), 'a,b,__proto__,constructor,x.y\r\n1,2,,,\r\n,3,4,5,6\r\n')
  })

  test('{title} survive')
    .with([
      { title: 'empty values of a single column', content: 'a\n1\n""\n3\n' },
      { title: 'line breaks of every kind', content: 'a,b\n"1\r2","3\n4"\n"5\r\n6",7\n' },
      { title: 'blanks and delimiters', content: 'a,b\n" 1 ","2,;\t3"\n' },
    ])
    .run(async ({ assert }, { content }) => {
      const [name, copy] = [randomUUID(), randomUUID()]
      await load(name, content)
      const { bytes } = await exported({ dataset: name })
      await load(copy, bytes.toString())
      const rows = await rowsIn(name)
      assert.isAbove(rows.length, 0)
      assert.deepEqual(await rowsIn(copy), rows)
    })

  test('that there is not fails', async ({ assert }) => {
    const { snapshot, answer } = await exported({ dataset: randomUUID() })
    assert.equal(snapshot.error?.code, 'dataset-not-found')
    assert.equal(snapshot.attempt, 1)
    assert.equal(answer.status, 422)
  })

  test('of somebody else fails in the same way', async ({ assert, cleanup }) => {
    cleanup(resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))
    const name = randomUUID()
    await load(name, 'a\n1\n', 'alice')
    const { snapshot } = await exported({ dataset: name }, 'mallory')
    assert.equal(snapshot.error?.code, 'dataset-not-found')
    const own = await exported({ dataset: name }, 'alice')
    assert.equal(own.bytes.toString(), 'a\r\n1\r\n')
  })
})
