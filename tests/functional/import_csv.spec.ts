import env from '#start/env'
import { test } from '@japa/runner'
import { createHash } from 'node:crypto'
import type { Snapshot } from '#engine/snapshot'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { endOf, until } from '#tests/helpers/waiting'
import { readdir, readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

interface Started extends Snapshot {
  readonly input: Record<string, unknown> & { file: { name: string; size: number; sha256: string } }
  readonly code?: string
  readonly errors?: { field: string }[]
}

/** Uploads a file; `fileFirst` sends it before the other parts. */
async function upload(
  content: string | Buffer,
  input: object = { dataset: 'people' },
  { fileFirst = false, name = 'people.csv' } = {}
): Promise<{ status: number; body: Started }> {
  const form = new FormData()
  const file = new File([new Uint8Array(Buffer.from(content))], name)
  if (fileFirst) form.append('file', file)
  form.append('type', 'import-csv')
  form.append('input', JSON.stringify(input))
  if (!fileFirst) form.append('file', file)
  const answer = await fetch(`${base()}/tasks`, { method: 'POST', body: form })
  return { status: answer.status, body: (await answer.json()) as Started }
}

/** An upload whose file stops coming after some bytes. */
function openUpload(...parts: string[]): Socket {
  const socket = connect(Number(process.env.PORT), process.env.HOST)
  socket.on('error', () => {})
  socket.write(
    'POST /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n' +
      'Content-Type: multipart/form-data; boundary=x\r\n\r\n'
  )
  for (const part of [...parts, 'name="file"; filename="a.csv"\r\n\r\na,b\n1,2']) {
    socket.write(`--x\r\nContent-Disposition: form-data; ${part}\r\n`)
  }
  return socket
}

async function imported(content: string | Buffer, input?: object): Promise<Snapshot> {
  const { body } = await upload(content, input)
  return (await endOf(body.id)).snapshot
}

async function rowsOf(id: string): Promise<{ line: number; dataset: string; data: unknown }[]> {
  const rows = await db.from('dataset_rows').where('task_id', id).orderBy('line')
  return rows.map(({ line, dataset, data }) => ({ line, dataset, data: JSON.parse(data) }))
}

async function filesIn(folder: string): Promise<string[]> {
  const root = app.makePath(env.get('STORAGE_PATH'))
  const entries = await readdir(`${root}/${folder}`, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

const arriving = async () => (await filesIn('incoming')).length
const kept = async () => (await filesIn('uploads')).length

test.group('Importing a CSV file', () => {
  test('an uploaded file is stored, hashed, and loaded row by row', async ({ assert }) => {
    const content = 'name,city\nAda,London\n"Grace ""Amazing"" H.","New\nYork"\nŁukasz,Łódź\n'
    const { status, body } = await upload(content)
    assert.equal(status, 202)
    assert.deepEqual(body.input, {
      dataset: 'people',
      file: {
        name: 'people.csv',
        size: Buffer.byteLength(content),
        sha256: createHash('sha256').update(content).digest('hex'),
      },
    })
    const end = await endOf(body.id)
    assert.containsSubset(end.snapshot, {
      status: 'completed',
      progress: 100,
      current: 3,
      total: null,
      unit: 'rows',
      result: { rows: 3, rejected: 0, rejectedLines: [] },
    })
    assert.deepEqual(await rowsOf(body.id), [
      { line: 2, dataset: 'people', data: { name: 'Ada', city: 'London' } },
      { line: 3, dataset: 'people', data: { name: 'Grace "Amazing" H.', city: 'New\nYork' } },
      { line: 5, dataset: 'people', data: { name: 'Łukasz', city: 'Łódź' } },
    ])
    const [key] = (await filesIn('uploads')).filter((name) => name.startsWith(body.id))
    const stored = await readFile(`${app.makePath(env.get('STORAGE_PATH'))}/uploads/${key}`, 'utf8')
    assert.equal(stored, content)
    assert.equal(await arriving(), 0)
  })

  test('the file may come before the type', async ({ assert }) => {
    const { status, body } = await upload('a,b\n1,2\n', { dataset: 'first' }, { fileFirst: true })
    assert.equal(status, 202)
    assert.equal((await endOf(body.id)).snapshot.current, 1)
  })

  test('a second import appends to the dataset', async ({ assert }) => {
    const first = await imported('a\n1\n2\n', { dataset: 'appended' })
    const second = await imported('a\n3\n', { dataset: 'appended' })
    assert.deepEqual([first.status, second.status], ['completed', 'completed'])
    assert.lengthOf(await db.from('dataset_rows').where('dataset', 'appended'), 3)
  })

  test('bad lines are counted and kept with their reasons, the rest is loaded', async ({
    assert,
  }) => {
    const end = await imported('a,b\n1,2\nonly one\n1,2,3\n3,4\n')
    assert.equal(end.status, 'completed')
    assert.containsSubset(end.result, { rows: 2, rejected: 2 })
    assert.equal(end.message, '2 bad lines')
    const { rejectedLines } = end.result as { rejectedLines: { line: number; reason: string }[] }
    assert.deepEqual(
      rejectedLines.map(({ line }) => line),
      [3, 4]
    )
    assert.lengthOf(await db.from('dataset_rejects').where('task_id', end.id), 2)
  })

  test('one bad line is told as one', async ({ assert }) => {
    const { message } = await imported('a,b\n1,2\n3\n')
    assert.equal(message, '1 bad line')
  })

  test('of many bad lines the first 1,000 are kept, all are counted', async ({
    assert,
    client,
  }) => {
    const { body } = await upload(`a,b\n${'bad\n'.repeat(1500)}1,2\n`)
    await endOf(body.id)
    const { result } = (await client.get(`/tasks/${body.id}`)).body()
    assert.containsSubset(result, { rows: 1, rejected: 1500 })
    assert.lengthOf(result.rejectedLines, 1000)
    assert.lengthOf(await db.from('dataset_rejects').where('task_id', body.id), 1000)
    // Too large for a snapshot, which says so by leaving it out.
    assert.isNull((await client.get(`/tasks/${body.id}/progress`)).body().result)
  })

  test('{title}')
    .with([
      {
        title: 'a byte order mark is no part of the first column',
        content: '\ufeffa;b\n1;2\n',
        rows: 1,
      },
      {
        title: 'UTF-16 with a byte order mark is read',
        content: Buffer.from('\ufeffa,b\r\n1,ü\r\n', 'utf16le'),
        rows: 1,
      },
      { title: 'a quoted newline is part of its value', content: 'a,b\n"x\ny",2\n', rows: 1 },
      { title: 'tabs are detected', content: 'a\tb\n1\t2\n3\t4\n', rows: 2 },
      { title: 'a header alone gives no rows', content: 'a,b\n', rows: 0 },
    ])
    .run(async ({ assert }, { content, rows }) => {
      const end = await imported(content)
      assert.equal(end.status, 'completed')
      assert.equal((end.result as { rows: number }).rows, rows)
      const [row] = await rowsOf(end.id)
      if (row) assert.deepEqual(Object.keys(row.data as object), ['a', 'b'])
    })

  test('{title}')
    .with([
      { title: 'an empty file fails', content: '', code: 'csv-empty' },
      {
        title: 'a binary file fails',
        content: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 0, 0, 0]),
        code: 'csv-binary',
      },
      { title: 'a file without a header fails', content: ',,\n1,2,3\n', code: 'csv-no-header' },
      {
        title: 'a quote that never closes fails',
        content: 'a,b\n1,2\n3,"oops\n5,6\n',
        code: 'csv-unclosed-quote',
      },
    ])
    .run(async ({ assert }, { content, code }) => {
      const end = await imported(content)
      assert.deepEqual([end.status, end.error?.code], ['failed', code])
      if (code === 'csv-unclosed-quote') assert.include(end.error?.message, 'line 3')
    })

  test('a cancelled import keeps its rows and counts them', async ({ assert, client }) => {
    const { body } = await upload(`a,b\n${'1,2\n'.repeat(400_000)}`, { dataset: 'cancelled' })
    await until(async () => (await client.get(`/tasks/${body.id}`)).body().current > 0)
    await client.post(`/tasks/${body.id}/cancel`)
    const { snapshot } = await endOf(body.id)
    assert.equal(snapshot.status, 'cancelled')
    const rows = await db.from('dataset_rows').where('task_id', body.id).count('* as count')
    assert.equal(snapshot.current, rows[0].count)
    assert.isBelow(rows[0].count, 400_000)
  })
})

test.group('Bad uploads leave nothing behind', (group) => {
  let before = 0
  group.each.setup(async () => {
    before = await kept()
  })
  group.each.teardown(async () => {
    await until(async () => (await arriving()) === 0 && (await kept()) === before)
  })

  test('an input that is refused', async ({ assert }) => {
    const { status, body } = await upload('a\n1\n', { dataset: '' })
    assert.deepEqual([status, body.code], [422, 'invalid-input'])
    assert.include(
      body.errors?.map(({ field }) => field),
      'input.dataset'
    )
  })

  test('an input that is no JSON', async ({ assert }) => {
    const form = new FormData()
    form.append('file', new File(['a\n1\n'], 'x.csv'))
    form.append('type', 'import-csv')
    form.append('input', '{"dataset":')
    const answer = await fetch(`${base()}/tasks`, { method: 'POST', body: form })
    assert.equal(answer.status, 422)
    assert.containsSubset(await answer.json(), {
      code: 'invalid-input',
      errors: [{ field: 'input' }],
    })
  })

  test('a file for a type that takes none: {$self}')
    .with(['the type first', 'the file first'])
    .run(async ({ assert }, order) => {
      const form = new FormData()
      const file = new File(['a\n1\n'], 'x.csv')
      if (order === 'the file first') form.append('file', file)
      form.append('type', 'simulate')
      form.append('input', '{}')
      if (order === 'the type first') form.append('file', file)
      const answer = await fetch(`${base()}/tasks`, { method: 'POST', body: form })
      assert.equal(answer.status, 422)
      const message = 'The type simulate takes no file'
      assert.containsSubset(await answer.json(), {
        code: 'invalid-input',
        errors: [{ field: 'file', message }],
      })
    })

  test('a file for a type that takes none is refused before it has come', async ({
    assert,
    cleanup,
  }) => {
    const socket = openUpload('name="type"\r\n\r\nsimulate')
    cleanup(() => void socket.destroy())
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    await until(() => answer.includes('takes no file'))
    assert.match(answer, /^HTTP\/1\.1 422 /)
    assert.equal(await arriving(), 0)
  })

  test('two files', async ({ assert }) => {
    const form = new FormData()
    form.append('type', 'import-csv')
    form.append('input', '{"dataset":"x"}')
    form.append('file', new File(['a\n1\n'], '1.csv'))
    form.append('file', new File(['a\n1\n'], '2.csv'))
    const answer = await fetch(`${base()}/tasks`, { method: 'POST', body: form })
    assert.equal(answer.status, 422)
    assert.containsSubset(await answer.json(), {
      code: 'invalid-input',
      errors: [{ field: 'file' }],
    })
  })

  test('a body that is no multipart', async ({ assert }) => {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const answer = await fetch(`${base()}/tasks`, {
        method: 'POST',
        body: '--nothing like it',
        headers: { 'content-type': type },
      })
      assert.equal(answer.status, 400)
      assert.equal(((await answer.json()) as { code: string }).code, 'malformed-multipart')
    }
  })

  test('a client that hangs up in the middle', async () => {
    const socket = openUpload()
    await until(async () => (await arriving()) === 1)
    socket.destroy()
  })

  test('a client that stands still is cut with 408', async ({ assert }) => {
    const socket = openUpload()
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk))
    await until(() => answer.includes('upload-idle'))
    assert.match(answer, /^HTTP\/1\.1 408 /)
    await until(() => socket.closed)
  })

  test('the same id again with the same file keeps one file', async ({ assert }) => {
    const id = crypto.randomUUID()
    const send = async () => {
      const form = new FormData()
      form.append('id', id)
      form.append('type', 'import-csv')
      form.append('input', '{"dataset":"twice"}')
      form.append('file', new File(['a\n1\n'], 'x.csv'))
      return fetch(`${base()}/tasks`, { method: 'POST', body: form })
    }
    assert.equal((await send()).status, 202)
    await endOf(id)
    assert.equal((await send()).status, 202)
    assert.equal(await kept(), before + 1)
    before++
  })
})
