import { once } from 'node:events'
import { test } from '@japa/runner'
import app from '@adonisjs/core/services/app'
import { soon } from '#tests/helpers/waiting'
import type { TestContext } from '@japa/runner/core'
import { join } from 'node:path'
import { connect, createServer, type AddressInfo } from 'node:net'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { ServerProcess } from '#tests/helpers/server_process'
import { canRunPlain, plainUser } from '#tests/helpers/plain_user'

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
  return lastWords(server)
}

/** The same of one that was started before. */
async function lastWords(server: ServerProcess) {
  const { code } = await server.exited
  return { code, lines: server.output.trim().split('\n') }
}

/** A server that has run, as it is when the user of its next run is not root. */
async function stoppedServer(cleanup: Cleanup) {
  const server = await start(cleanup)
  await server.kill()
  server.output = ''
  if (plainUser !== undefined) {
    const paths = await readdir(server.folder, { recursive: true })
    for (const path of ['', ...paths]) await chown(join(server.folder, path), plainUser, plainUser)
  }
  return server
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

  test('asks for a longer key', async ({ assert, cleanup }) => {
    const short = await refusal(cleanup, { APP_KEY: 'k'.repeat(15) })
    const problem = 'must have at least 16 characters, better 32 random ones'
    assert.deepEqual(short, { code: 1, lines: [`Bad setting: APP_KEY ${problem}`] })

    const server = await start(cleanup)
    const kept = join(server.folder, 'app.key')
    await writeFile(kept, 'k'.repeat(15))
    await server.kill()
    server.output = ''
    await server.relaunch()
    const found = await lastWords(server)
    assert.deepEqual(found, { code: 1, lines: [`Bad setting: APP_KEY in ${kept} ${problem}`] })
  })

  test('refuses {value} as {name}')
    .with([
      { name: 'PORT', value: '0' },
      { name: 'CORS_ORIGINS', value: 'https://a.example, https://b.example/' },
      { name: 'CORS_ORIGINS', value: 'https://A.example' },
      { name: 'CORS_ORIGINS', value: 'https://a.example:443' },
      { name: 'CORS_ORIGINS', value: 'a.example' },
      { name: 'CORS_ORIGINS', value: '*' },
    ])
    .run(async ({ assert, cleanup }, { name, value }) => {
      const { code, lines } = await refusal(cleanup, { [name]: value })
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.match(lines[0], new RegExp(`^Bad setting: ${name}\\b`))
      if (name === 'PORT') assert.include(lines[0], 'from 1 to 65535')
    })

  test('says which settings can not be read: {$self}')
    .with(['a folder', 'another one’s'])
    .run(async ({ assert, cleanup }, kind) => {
      const server = await stoppedServer(cleanup)
      const path = join(server.folder, '.env')
      if (kind === 'a folder') await mkdir(path)
      else await writeFile(path, 'LOG_LEVEL=info', { mode: 0o000 })

      await server.relaunch(plainUser ? { RUN_AS: String(plainUser) } : {})
      const { code, lines } = await lastWords(server)
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.match(lines[0], /^The settings in .*\.env can't be read: E/)
    })
    .skip(() => !canRunPlain(), 'the user nobody may not read this folder')

  test('refuses a database that it may not write: {$self}')
    .with(['the file', 'its folder'])
    .run(async ({ assert, cleanup }, what) => {
      const server = await stoppedServer(cleanup)
      const path = join(server.folder, 'db.sqlite3')
      if (what === 'the file') await chmod(path, 0o444)
      else await chmod(server.folder, 0o555)
      cleanup(() => chmod(server.folder, 0o755))

      const settings = { APP_KEY: 'k'.repeat(32) }
      await server.relaunch(plainUser ? { ...settings, RUN_AS: String(plainUser) } : settings)
      const { code, lines } = await lastWords(server)
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], `SQLITE_PATH=${path} can't be used: `)
    })
    .skip(() => !canRunPlain(), 'the user nobody may not read this folder')

  test('refuses a database that is a device', async ({ assert, cleanup }) => {
    const settings = { APP_KEY: 'k'.repeat(32), SQLITE_PATH: '/dev/null' }
    const { code, lines } = await refusal(cleanup, settings)
    const line = "SQLITE_PATH=/dev/null can't be used: it is not a file."
    assert.deepEqual([code, lines], [1, [line]])
  }).skip(process.platform === 'win32', 'there are no such devices')

  test('refuses a database that is none: {name}')
    .with([
      { name: 'another file', make: (path: string) => writeFile(path, 'no database, '.repeat(99)) },
      { name: 'a folder', make: (path: string) => mkdir(path) },
    ])
    .run(async ({ assert, cleanup }, { make }) => {
      const folder = await mkdtemp(join(tmpdir(), 'headway-test-'))
      cleanup(() => rm(folder, { recursive: true }))
      const path = join(folder, 'other.sqlite3')
      await make(path)

      const { code, lines } = await refusal(cleanup, { SQLITE_PATH: path })
      assert.equal(code, 1)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], `SQLITE_PATH=${path} can't be used: `)
      if ((await stat(path)).isDirectory())
        assert.deepEqual(await readdir(folder), ['other.sqlite3'])
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

test.group('Starting with something missing', () => {
  const root = join(import.meta.dirname, '../..')

  /** Runs a file of the project, copied to a folder of its own, and says what it said. */
  async function run(
    cleanup: Cleanup,
    { files, args }: { files: readonly string[]; args: readonly string[] }
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'headway-test-'))
    cleanup(() => rm(folder, { recursive: true }))
    for (const file of files) {
      await cp(join(root, file.replace('server.js', 'server.ts')), join(folder, file))
    }
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    return { status, lines: stderr.trim().split('\n') }
  }

  /** Makes Node.js say that it is an old one. */
  const old =
    '--import=data:text/javascript,' +
    'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.9.0"}})'

  test('ace, and what it runs, ask for the packages', async ({ assert, cleanup }) => {
    const files = ['package.json', 'ace.js', 'bin/ready.js']
    for (const args of [['ace.js', 'serve'], ['bin/ready.js']]) {
      const { status, lines } = await run(cleanup, { files, args })
      assert.equal(status, 1)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], 'npm ci --include=dev')
    }
  })

  test('ace asks for a newer Node.js', async ({ assert }) => {
    const { status, stderr } = spawnSync(process.execPath, [old, 'ace.js', 'list'], {
      cwd: root,
      encoding: 'utf8',
    })
    assert.equal(status, 1)
    assert.match(stderr, /^Headway needs Node\.js 24 or newer; this is 20\.9\.0\. .*npm.*\n$/)
  })

  test('npm test tells the suites that there are', async ({ assert }) => {
    const { status, stderr } = spawnSync(process.execPath, ['bin/run.js', 'test', 'nope'], {
      cwd: root,
      encoding: 'utf8',
    })
    const names = app.rcFile.tests.suites.map(({ name }) => name).join(', ')
    assert.deepEqual([status, stderr], [1, `There is no suite nope. There are: ${names}.\n`])
  })

  test('npm start asks for the build, a newer Node.js, the packages', async ({
    assert,
    cleanup,
  }) => {
    const files = ['package.json', 'bin/start.js']
    const unbuilt = await run(cleanup, { files, args: ['bin/start.js'] })
    assert.equal(unbuilt.status, 1)
    assert.lengthOf(unbuilt.lines, 1)
    assert.include(unbuilt.lines[0], 'npm run build')

    const built = [...files, 'bin/server.js']
    const ancient = await run(cleanup, { files: built, args: [old, 'bin/start.js'] })
    assert.equal(ancient.status, 1)
    assert.match(ancient.lines.join('\n'), /^Headway needs Node\.js 24 or newer.*$/)

    const bare = await run(cleanup, { files: built, args: ['bin/start.js'] })
    assert.equal(bare.status, 1)
    assert.lengthOf(bare.lines, 1)
    assert.include(bare.lines[0], 'npm ci --omit=dev')
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
      assert.isBelow(performance.now() - asked, soon())
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
    assert.isBelow(performance.now() - asked, soon())
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
