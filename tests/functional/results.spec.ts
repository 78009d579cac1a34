import env from '#start/env'
import db from '@adonisjs/lucid/services/db'
import app from '@adonisjs/core/services/app'
import { test } from '@japa/runner'
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readlink, writeFile } from 'node:fs/promises'
import { TaskError } from '#engine/errors'
import { resolveOwnerBy } from '#start/owner'
import { RawSocket } from '#tests/helpers/raw_socket'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { Persistent, startScript, theEngine } from '#tests/helpers/scripted'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const resultOf = (id: string, init?: RequestInit) => fetch(`${base()}/tasks/${id}/result`, init)
/** Without the second one `fetch` says that it wants no answer from a cache. */
const has = (etags: string) => ({ 'if-none-match': etags, 'cache-control': 'max-age=0' })
const folder = (name: string) => app.makePath(env.get('STORAGE_PATH'), name)

/** The result files of a task, on the disk and in the table. */
async function filesOf(id: string): Promise<[onDisk: number, inTable: number]> {
  const files = await readdir(folder('results')).catch(() => [])
  const rows = await db.from('task_files').where('task_id', id)
  return [files.filter((name) => name.startsWith(id)).length, rows.length]
}

async function arriving(): Promise<number> {
  const entries = await readdir(folder('incoming'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

async function withFile(content: string | Buffer, name = 'report.txt'): Promise<string> {
  const id = await startScript((task) => task.writeResult(name, 'text/plain', content))
  await endOf(id)
  return id
}

test.group('A result as JSON', () => {
  test('is given as it is, with an ETag, 304 and HEAD', async ({ assert }) => {
    for (const result of [{ rows: [1, 'zwei', null] }, 'a text', 0, null]) {
      const id = await startScript(async () => result)
      const { version } = await endOf(id)
      const answer = await resultOf(id)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
      assert.equal(answer.headers.get('etag'), `"${version}"`)
      assert.deepEqual(await answer.json(), result)

      const again = await resultOf(id, { headers: has(`"${version}"`) })
      assert.equal(again.status, 304)
      const head = await resultOf(id, { method: 'HEAD' })
      assert.equal(head.status, 200)
      assert.equal(await head.text(), '')
    }
  })

  test('of more than 64 KiB is a file', async ({ assert }) => {
    const large = { text: 'ł'.repeat(40_000) }
    const id = await startScript(async () => large)
    assert.isNull((await endOf(id)).snapshot.result)
    const answer = await resultOf(id)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename=result.json')
    assert.deepEqual(await answer.json(), large)
    assert.deepEqual(await filesOf(id), [1, 1])
  })

  test('of more than 64 KiB beside a file fails the task, and the file goes', async ({
    assert,
  }) => {
    const id = await startScript(async (task) => {
      await task.writeResult('a.txt', 'text/plain', 'a')
      return 'x'.repeat(70_000)
    })
    assert.equal((await endOf(id)).snapshot.error?.code, 'invalid-result')
    await until(async () => (await filesOf(id)).join() === '0,0')
  })
})

test.group('No result', () => {
  test('409 with Retry-After while the task lives', async ({ assert }) => {
    const go = deferred()
    const id = await startScript(() => go.promise)
    const answer = await resultOf(id)
    assert.equal(answer.status, 409)
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.containsSubset(await answer.json(), { code: 'result-not-ready' })
    go.resolve()
    await endOf(id)
  })

  test('422 with the error of a task that failed, whatever its code', async ({ assert }) => {
    for (const code of ['no-paper', 'E42']) {
      const id = await startScript(async () => {
        throw new TaskError(code, 'The printer has no paper')
      })
      await endOf(id)
      const answer = await resultOf(id)
      assert.equal(answer.status, 422)
      assert.isNull(answer.headers.get('retry-after'))
      assert.containsSubset(await answer.json(), {
        status: 422,
        code,
        detail: 'The printer has no paper',
      })
    }
  })

  test('422 for a task that was cancelled', async ({ assert }) => {
    const id = await startScript(
      (task) => new Promise((_, reject) => (task.signal.onabort = () => reject(task.signal.reason)))
    )
    await until(async () => {
      const answer = await fetch(`${base()}/tasks/${id}/cancel`, { method: 'POST' })
      return answer.status === 200
    })
    const answer = await resultOf(id)
    assert.equal(answer.status, 422)
    assert.containsSubset(await answer.json(), { code: 'task-cancelled' })
  })

  test('404 for an unknown id, and for a task of somebody else', async ({ assert, cleanup }) => {
    const id = await withFile('mine')
    cleanup(resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))
    for (const answer of [
      await resultOf(randomUUID()),
      await resultOf('nonsense'),
      await resultOf(id, { headers: { 'x-owner': 'mallory' } }),
    ]) {
      assert.equal(answer.status, 404)
      assert.containsSubset(await answer.json(), { code: 'task-not-found' })
    }
  })

  test('404 when the file was taken from the disk', async ({ assert }) => {
    const id = await withFile('lost')
    const engine = await theEngine()
    const file = await engine.taskFiles.find(id)
    const drive = await app.container.make('drive.manager')
    await drive.use().delete(file?.key ?? '')
    const answer = await resultOf(id)
    assert.equal(answer.status, 404)
    assert.isNull(answer.headers.get('etag'))
    assert.containsSubset(await answer.json(), { code: 'result-file-missing' })
  })
})

test.group('A result as a file', () => {
  const content = Array.from({ length: 1000 }, (_, line) => `line ${line} ł\n`).join('')
  const bytes = Buffer.from(content)
  const size = bytes.length
  const sha256 = createHash('sha256').update(bytes).digest('hex')

  test('is downloaded whole, and HEAD tells all but the body', async ({ assert }) => {
    const id = await withFile(content)
    const { result } = (await endOf(id)).snapshot
    assert.deepEqual(result, { name: 'report.txt', contentType: 'text/plain', size, sha256 })
    for (const method of ['GET', 'HEAD']) {
      const answer = await resultOf(id, { method })
      assert.equal(answer.status, 200)
      assert.containsSubset(Object.fromEntries(answer.headers), {
        'content-type': 'text/plain',
        'content-length': String(size),
        'content-disposition': 'attachment; filename=report.txt',
        'etag': `"${sha256}"`,
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
        'x-content-type-options': 'nosniff',
      })
      assert.equal(await answer.text(), method === 'GET' ? content : '')
    }
    const known = await resultOf(id, { headers: has(`"x", "${sha256}"`) })
    assert.equal(known.status, 304)
    assert.equal(known.headers.get('etag'), `"${sha256}"`)
  })

  test('{range}, If-Range {condition}: {status}')
    .with([
      { range: 'bytes=0-9', status: 206, from: 0, to: 9 },
      { range: 'bytes=100-', status: 206, from: 100, to: size - 1 },
      { range: 'bytes=-7', status: 206, from: size - 7, to: size - 1 },
      { range: `bytes=5-${size + 99}`, status: 206, from: 5, to: size - 1 },
      { range: `bytes=-${size + 99}`, status: 206, from: 0, to: size - 1 },
      { range: 'bytes=0-4,100-109', status: 200 },
      { range: 'items=0-4', status: 200 },
      { range: 'bytes=9-0', status: 200 },
      { range: 'bytes=-', status: 200 },
      { range: 'bytes=-0', status: 416 },
      { range: 'nonsense', status: 200 },
      { range: `bytes=${size}-`, status: 416 },
      { range: 'bytes=0-9', condition: `"${sha256}"`, status: 206, from: 0, to: 9 },
      { range: 'bytes=0-9', condition: '"another"', status: 200 },
      { range: 'bytes=0-9', condition: `W/"${sha256}"`, status: 200 },
      { range: 'bytes=0-9', condition: new Date(0).toUTCString(), status: 200 },
    ])
    .run(async ({ assert }, { range, condition, status, from = 0, to = size - 1 }) => {
      const id = await withFile(bytes)
      const headers = { range, ...(condition && { 'if-range': condition }) }
      const answer = await resultOf(id, { headers })
      assert.equal(answer.status, status)
      if (status === 416) {
        assert.equal(answer.headers.get('content-range'), `bytes */${size}`)
        assert.containsSubset(await answer.json(), { code: 'range-not-satisfiable' })
        return
      }
      const part = Buffer.from(await answer.arrayBuffer())
      assert.isTrue(part.equals(bytes.subarray(from, to + 1)))
      assert.equal(answer.headers.get('content-length'), String(part.length))
      assert.equal(
        answer.headers.get('content-range'),
        status === 206 ? `bytes ${from}-${to}/${size}` : null
      )
    })

  test('its name is no path and tells no lies: {name}')
    .with([
      { name: '../../etc/passwd', told: 'attachment; filename=_.._etc_passwd' },
      { name: 'C:\\boot.ini', told: 'attachment; filename="C:_boot.ini"' },
      { name: 'a"b\r\nX-Evil: 1.csv', told: 'attachment; filename="a\\"b__X-Evil: 1.csv"' },
      {
        name: 'Łódź – 50 €.csv',
        told: `attachment; filename="??d? ? 50 ?.csv"; filename*=UTF-8''%C5%81%C3%B3d%C5%BA%20%E2%80%93%2050%20%E2%82%AC.csv`,
      },
      { name: 'exe\u202Etxt.csv', told: 'attachment; filename=exe_txt.csv' },
      { name: '...', told: 'attachment; filename=result' },
    ])
    .run(async ({ assert }, { name, told }) => {
      const answer = await resultOf(await withFile('x', name))
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-disposition'), told)
      assert.isNull(answer.headers.get('x-evil'))
    })

  test('a generator is written piece by piece; an empty one is an empty file', async ({
    assert,
  }) => {
    const id = await startScript((task) =>
      task.writeResult(
        'numbers.bin',
        'application/octet-stream',
        (async function* () {
          for (let part = 0; part < 512; part++) yield Buffer.alloc(65_536, part)
        })()
      )
    )
    await endOf(id)
    const hash = createHash('sha256')
    for await (const chunk of (await resultOf(id)).body ?? []) hash.update(chunk)
    const { sha256: expected } = (await endOf(id)).snapshot.result as { sha256: string }
    assert.equal(hash.digest('hex'), expected)

    const empty = await resultOf(await withFile(''))
    assert.equal(empty.headers.get('content-length'), '0')
    assert.equal(await empty.text(), '')
  })

  test('who asks while the task is deleted gets the file or is told that it is gone', async ({
    assert,
  }) => {
    const seen = new Set<string>()
    for (let round = 0; round < 40; round++) {
      const id = await withFile('all of it')
      let isGone = false
      const ask = async () => {
        while (!isGone) {
          const answer = await resultOf(id)
          seen.add(answer.ok ? `200 ${await answer.text()}` : `${answer.status}`)
          isGone ||= answer.status !== 200
        }
      }
      const all = Promise.all([ask(), ask(), ask(), ask()])
      await fetch(`${base()}/tasks/${id}`, { method: 'DELETE' })
      await all
    }
    assert.sameMembers([...seen], ['200 all of it', '410'])
  })

  test('a reader that hangs up halfway leaves no file open', async ({ assert }) => {
    const id = await withFile(Buffer.alloc(64 * 1_048_576))
    const isOpen = async () => {
      const handles = await readdir('/proc/self/fd')
      const targets = await Promise.all(
        handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
      )
      return targets.some((target) => target.includes(`results/${id}`))
    }
    const raw = await RawSocket.open(`${base()}/tasks/${id}/result`)
    raw.socket.pause()
    assert.isTrue(await isOpen())
    raw.close()
    await until(async () => !(await isOpen()))
  }).skip(process.platform !== 'linux', 'needs /proc')
})

test.group('Files that do not count', () => {
  test('a second file takes the place of the first', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await task.writeResult('first.txt', 'text/plain', 'first')
      await task.writeResult('second.txt', 'text/plain', 'second')
    })
    await endOf(id)
    assert.equal(await (await resultOf(id)).text(), 'second')
    assert.deepEqual(await filesOf(id), [1, 1])
  })

  test('the file of an attempt that failed is removed, that of the next one counts', async ({
    assert,
  }) => {
    const id = await startScript(
      async (task) => {
        if (task.attempt === 3) return { attempt: 3 }
        await task.writeResult('a.txt', 'text/plain', `attempt ${task.attempt}`)
        throw new Error('not yet')
      },
      undefined,
      Persistent
    )
    await endOf(id)
    assert.deepEqual(await (await resultOf(id)).json(), { attempt: 3 })
    await until(async () => (await filesOf(id)).join() === '0,0')
  })

  test('a content type that no header can carry fails the task', async ({ assert }) => {
    for (const contentType of ['', 'text', 'text/plain\r\nX-Evil: 1', 'text/plain; a="ł"']) {
      const id = await startScript((task) => task.writeResult('a.txt', contentType, 'a'))
      assert.equal((await endOf(id)).snapshot.error?.code, 'invalid-result')
      assert.deepEqual(await filesOf(id), [0, 0])
    }
  })

  test('a source that throws leaves nothing', async ({ assert }) => {
    const id = await startScript((task) =>
      task.writeResult(
        'broken.txt',
        'text/plain',
        (function* () {
          yield 'so far so good'
          throw new TaskError('no-ink', 'The ink is out')
        })()
      )
    )
    assert.equal((await endOf(id)).snapshot.error?.code, 'no-ink')
    assert.deepEqual(await filesOf(id), [0, 0])
    assert.equal(await arriving(), 0)
  })

  test('a run that lost its task leaves nothing', async ({ assert }) => {
    const written = deferred<string>()
    const id = await startScript(async (task) => {
      await db.from('tasks').where({ id: task.id }).update({ claim: 99 })
      const why = await task.writeResult('late.txt', 'text/plain', 'late').catch((error) => error)
      written.resolve(why.code)
      throw why
    })
    assert.equal(await written.promise, 'E_RUN_FENCED')
    assert.deepEqual(await filesOf(id), [0, 0])
    await db.from('tasks').where({ id }).update({ status: 'cancelled' })
  })

  test('what a crash left is swept, what counts is not', async ({ assert }) => {
    const engine = await theEngine()
    const kept = await withFile('kept')
    const stale = await withFile('stale')
    await db.from('tasks').where({ id: stale }).update({ claim: 99 })
    const gone = randomUUID()
    await writeFile(`${folder('results')}/${gone}-x`, 'gone')
    await db.table('task_files').insert({
      key: `${gone}-x`,
      task_id: gone,
      claim: 1,
      name: 'a',
      content_type: 'text/plain',
      size: 4,
      sha256: 'x',
    })
    await engine.taskFiles.sweep()
    assert.deepEqual(await filesOf(kept), [1, 1])
    assert.deepEqual(await filesOf(stale), [0, 0])
    assert.deepEqual(await filesOf(gone), [0, 0])
  })
})
