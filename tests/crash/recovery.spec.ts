import { join } from 'node:path'
import { connect } from 'node:net'
import { test } from '@japa/runner'
import { readdir } from 'node:fs/promises'
import { look, start } from '#tests/helpers/remote'
import { until } from '#tests/helpers/waiting'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ServerProcess } from '#tests/helpers/server_process'

const JUMP = 2 ** 20

const long = { steps: 100_000, stepMs: 20 }

test.group('kill -9', () => {
  test('a running task becomes failed with interrupted, beyond every version that was seen', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start()
    const client = new NaiveClient(server.url)
    cleanup(async () => {
      client.close()
      await server.dispose()
    })
    const { id } = await start(server.url, long)
    await client.watch(id)
    await until(() => (client.shown?.current ?? 0) > 20)
    const seen = client.shown?.version ?? 0

    await server.restart()
    const task = await look(server.url, id)
    assert.containsSubset(task, { status: 'failed', error: { code: 'interrupted' } })
    assert.isAbove(task.version, seen)
    assert.isAbove(task.version, JUMP)

    await until(() => client.shown?.status === 'failed')
    assert.equal(client.shown?.version, task.version)
  })

  test('queued tasks start by themselves, in the order in which they came', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '1' })
    cleanup(() => server.dispose())
    const running = await start(server.url, long)
    await until(async () => (await look(server.url, running.id)).status === 'processing')
    const waiting = []
    for (let made = 0; made < 5; made++) {
      waiting.push(await start(server.url, { steps: 1, stepMs: 0 }))
    }
    await server.restart()
    const ends = []
    for (const { id } of waiting) {
      ends.push(
        await until(async () => {
          const task = await look(server.url, id)
          return task.finishedAt === null ? null : task
        })
      )
    }
    assert.deepEqual(
      ends.map(({ status }) => status),
      Array.from({ length: 5 }, () => 'completed')
    )
    const started = ends.map(({ startedAt }) => startedAt)
    assert.deepEqual(started, started.toSorted())
    assert.equal((await look(server.url, running.id)).status, 'failed')
  })

  test('a task that was asked to stop is cancelled, not failed', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    // One step of a minute: the signal ends it, so the kill comes in the same breath as the wish.
    const { id } = await start(server.url, { steps: 1, stepMs: 60_000 })
    await until(async () => (await look(server.url, id)).status === 'processing')
    const answer = await fetch(`${server.url}/tasks/${id}/cancel`, { method: 'POST' })
    assert.isTrue(answer.status === 202 || answer.status === 200)
    await server.restart()
    assert.equal((await look(server.url, id)).status, 'cancelled')
  })

  test('what was arriving is swept, and no task is left of it', async ({ assert, cleanup }) => {
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const incoming = async () => {
      const entries = await readdir(join(server.folder, 'storage/incoming'), {
        recursive: true,
        withFileTypes: true,
      })
      return entries.filter((entry) => entry.isFile()).length
    }
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      'POST /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n' +
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n' +
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,2\n'
    )
    await until(async () => (await incoming()) === 1)
    await server.restart()
    socket.destroy()
    assert.equal(await incoming(), 0)
    const list = (await (await fetch(`${server.url}/tasks`)).json()) as { data: unknown[] }
    assert.lengthOf(list.data, 0)
  })
})

test.group('Two processes on one database', () => {
  test('the second leaves the tasks of the first alone, and ends them once it is dead', async ({
    assert,
    cleanup,
  }) => {
    const first = await ServerProcess.start()
    cleanup(() => first.dispose())
    const { id } = await start(first.url, long)
    await until(async () => (await look(first.url, id)).status === 'processing')

    const settings = {
      SQLITE_PATH: join(first.folder, 'db.sqlite3'),
      STORAGE_PATH: join(first.folder, 'storage'),
    }
    const second = await ServerProcess.start(settings)
    cleanup(() => second.dispose())
    assert.equal((await look(second.url, id)).status, 'processing')
    assert.equal((await look(first.url, id)).status, 'processing')

    await first.kill('SIGKILL')
    await second.restart()
    assert.containsSubset(await look(second.url, id), {
      status: 'failed',
      error: { code: 'interrupted' },
    })
  })

  test('both started at the same moment on a new database come up', async ({ assert, cleanup }) => {
    const first = await ServerProcess.launch()
    cleanup(() => first.dispose())
    const second = await ServerProcess.start({
      SQLITE_PATH: join(first.folder, 'db.sqlite3'),
      STORAGE_PATH: join(first.folder, 'storage'),
    })
    cleanup(() => second.dispose())
    await until(async () => {
      const answer = await fetch(`${first.url}/health`).catch(() => null)
      return answer?.ok
    })
    const { id } = await start(second.url, { steps: 1, stepMs: 0 })
    await until(async () => (await look(first.url, id)).status === 'completed')
    assert.equal((await look(second.url, id)).status, 'completed')
  })
})
