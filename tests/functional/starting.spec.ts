import { once } from 'node:events'
import { test } from '@japa/runner'
import { SOON } from '#tests/helpers/waiting'
import type { TestContext } from '@japa/runner/core'
import { join } from 'node:path'
import { connect, createServer, type AddressInfo } from 'node:net'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { ServerProcess } from '#tests/helpers/server_process'

type Cleanup = TestContext['cleanup']

async function start(cleanup: Cleanup, settings: Record<string, string> = {}) {
  const server = await ServerProcess.start(settings)
  cleanup(() => server.dispose())
  return server
}

/** What a server says that can't start, and the code with which it ends. */
async function refusal(cleanup: Cleanup, settings: Record<string, string>) {
  const server = await ServerProcess.launch(settings)
  cleanup(() => server.dispose())
  const { code } = await server.exited
  return { code, lines: server.output.trim().split('\n') }
}

async function startTask(server: ServerProcess, input: object): Promise<string> {
  const response = await fetch(`${server.url}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input }),
  })
  const { id } = (await response.json()) as { id: string }
  return id
}

async function read(server: ServerProcess, id: string) {
  const response = await fetch(`${server.url}/tasks/${id}`)
  return (await response.json()) as { status: string; current: number; error: { code: string } }
}

/** A stream that is open: its end tells whether the server ended it or cut it. */
async function openStream(server: ServerProcess, cleanup: Cleanup) {
  const abort = new AbortController()
  cleanup(() => abort.abort())
  const url = `${server.url}/__transmit/events?uid=${crypto.randomUUID()}`
  const { body } = await fetch(url, { signal: abort.signal })
  const reader = body!.getReader()
  await reader.read()
  return async () => {
    while (!(await reader.read()).done);
  }
}

/** A request whose body never comes. */
async function openUpload(server: ServerProcess, cleanup: Cleanup) {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  cleanup(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(
    'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      'Content-Length: 9\r\nExpect: 100-continue\r\n\r\n'
  )
  // "100 Continue": the server has it.
  await once(socket, 'data')
}

test.group('Starting', () => {
  test('says what S3 lacks: its packages', async ({ assert, cleanup }) => {
    const { code, lines } = await refusal(cleanup, { DRIVE_DISK: 's3', S3_BUCKET: 'results' })
    const packages = '@aws-sdk/client-s3 @aws-sdk/s3-request-presigner'
    const line = `Bad setting: DRIVE_DISK=s3 needs packages: npm i ${packages}`
    assert.deepEqual([code, lines], [1, [line]])
  })

  test('says which port is taken', async ({ assert, cleanup }) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    cleanup(() => void other.close())
    const port = String((other.address() as AddressInfo).port)

    const { code, lines } = await refusal(cleanup, { PORT: port })
    assert.deepEqual([code, lines], [1, [`Port ${port} is taken: set another PORT.`]])
  })

  test('names every bad setting in a line of its own', async ({ assert, cleanup }) => {
    const { code, lines } = await refusal(cleanup, {
      HOST: '0.0.0.0',
      PORT: 'abc',
      LOG_LEVEL: 'loud',
      TASK_CONCURRENCY: '0',
      SQLITE_PATH: 'tmp/db.sqlite3',
      STORAGE_PATH: '',
    })
    assert.equal(code, 1)
    assert.lengthOf(lines, 6)
    const settings = [
      'HOST',
      'PORT',
      'LOG_LEVEL',
      'SQLITE_PATH',
      'STORAGE_PATH',
      'TASK_CONCURRENCY',
    ]
    for (const [index, setting] of settings.entries()) {
      assert.match(lines[index], new RegExp(`^Bad setting: ${setting}\\b`))
    }
  })

  test('asks for a key where none is made', async ({ assert, cleanup }) => {
    const { code, lines } = await refusal(cleanup, { NODE_ENV: 'development' })
    assert.equal(code, 1)
    assert.deepEqual(lines, ['Bad setting: APP_KEY must be set to 32 random characters'])
  })

  test('refuses a database that is none: {name}')
    .with([
      { name: 'another file', make: (path: string) => writeFile(path, 'no database, '.repeat(99)) },
      { name: 'a folder', make: (path: string) => mkdir(path) },
    ])
    .run(async ({ assert, cleanup }, { make }) => {
      const server = await start(cleanup)
      const path = join(server.folder, 'other.sqlite3')
      await make(path)

      const { code, lines } = await refusal(cleanup, { SQLITE_PATH: path })
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], `SQLITE_PATH=${path} can't be used: `)
    })

  test('refuses a folder that can not be made: {$self}')
    .with(['/proc/none', '/dev/null/none'])
    .run(async ({ assert, cleanup }, folder) => {
      const settings = { APP_KEY: 'k'.repeat(32), STORAGE_PATH: folder }
      const { code, lines } = await refusal(cleanup, settings)
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], `STORAGE_PATH=${folder} can't be used: `)
    })
    .skip(process.platform !== 'linux', 'these folders are those of Linux')

  test('makes a key once, for the eyes of its user only', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    const path = join(server.folder, 'app.key')
    const key = await readFile(path, 'utf8')
    assert.isAtLeast(key.length, 32)
    assert.equal((await stat(path)).mode & 0o777, 0o600)

    await server.restart()
    assert.equal(await readFile(path, 'utf8'), key)
  })

  test('says where the data is', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    await server.kill()
    assert.include(server.output, `SQLITE_PATH=${join(server.folder, 'db.sqlite3')}`)
    assert.include(server.output, `STORAGE_PATH=${join(server.folder, 'storage')}`)
  })
})

test.group('Stopping', () => {
  test('ends open streams and is gone soon: {$self}')
    .with(['SIGTERM', 'SIGINT'] as const)
    .run(async ({ assert, cleanup }, signal) => {
      const server = await start(cleanup)
      const streams = await Promise.all([1, 2, 3].map(() => openStream(server, cleanup)))

      const asked = performance.now()
      const exit = await server.kill(signal)
      assert.deepEqual(exit, { code: 0, signal: null })
      assert.isBelow(performance.now() - asked, SOON)
      await Promise.all(streams.map((ended) => ended()))
    })

  test('asks a running task to stop and keeps its end', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    const id = await startTask(server, { steps: 1000, stepMs: 100 })
    while (!(await read(server, id)).current);

    assert.equal((await server.kill()).code, 0)
    await server.restart()
    const task = await read(server, id)
    assert.deepEqual([task.status, task.error.code], ['failed', 'interrupted'])
    // Recovery would have said so: the end was in the table before.
    assert.notInclude(server.output, 'tasks of a dead process were ended')
  })

  test('cuts a request that sends nothing more', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    await openUpload(server, cleanup)

    const asked = performance.now()
    assert.equal((await server.kill()).code, 0)
    assert.isBelow(performance.now() - asked, SOON)
  })

  test('ends at once at the second signal', async ({ assert, cleanup }) => {
    const server = await start(cleanup)
    // Keeps the server from ending by itself.
    await openUpload(server, cleanup)

    const again = setInterval(() => void server.kill(), 50)
    cleanup(() => clearInterval(again))
    assert.equal((await server.exited).code, 130)
  })
})
