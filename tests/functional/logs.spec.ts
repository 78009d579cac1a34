import { test } from '@japa/runner'
import { setTimeout } from 'node:timers/promises'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { TaskError } from '#engine/errors'
import { TaskLogTable } from '#engine/task_log_table'
import { RawStream } from '#tests/helpers/sse'
import { resolveOwnerBy } from '#start/owner'
import type { LogLine } from '#engine/run_log'
import { RawSocket } from '#tests/helpers/raw_socket'
import { OneRequest } from '#tests/helpers/one_request'
import { deferred, endOf, turns, until } from '#tests/helpers/waiting'
import { Persistent, startScript, type Scripted } from '#tests/helpers/scripted'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

interface Page {
  readonly data: LogLine[]
  readonly meta: { limit: number; nextAfter: number; hasMore: boolean }
}

async function logsOf(id: string, query = ''): Promise<Page> {
  return (await (await fetch(`${base()}/tasks/${id}/logs${query}`)).json()) as Page
}

const messages = ({ data }: Page) => data.map(({ message }) => message)

/** The log lines of a one-request stream. */
function linesIn(text: string): LogLine[] {
  return [...text.matchAll(/(?<=\n\n|^)event: log\ndata: (.*)\n\n/g)].map(([, line]) =>
    JSON.parse(line)
  )
}

test.group('The log of a task', () => {
  test('has what the task logged, as it was logged', async ({ assert }) => {
    const id = await startScript(async ({ log }) => {
      log.debug('for the server alone')
      log.info('page %d of %s', 1, 'ten')
      log.warn({ secret: 'in the server log' }, 'with an object')
      log.error(new Error('only an error'))
      log.error({ err: new Error('an error') })
      log.fatal({ a: 1 })
      log.info('x'.repeat(3000))
    })
    await endOf(id)
    const { data, meta } = await logsOf(id)
    assert.deepEqual(
      data.map(({ seq, attempt, level, message }) => [seq, attempt, level, message]),
      [
        [1, 1, 'info', 'page 1 of ten'],
        [2, 1, 'warn', 'with an object'],
        [3, 1, 'error', 'only an error'],
        [4, 1, 'error', 'an error'],
        [5, 1, 'fatal', '{"a":1}'],
        [6, 1, 'info', `${'x'.repeat(1999)}…`],
      ]
    )
    assert.isTrue(data.every(({ time }) => new Date(time).toISOString() === time))
    assert.deepEqual(meta, { limit: 100, nextAfter: 6, hasMore: false })
  })

  test('fails no task, whatever is in its lines', async ({ assert }) => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const unreadable = {
      get message(): string {
        throw new Error('No message')
      },
    }
    const id = await startScript(async ({ log }) => {
      log.info({ rows: 10n })
      log.info('%j rows', 10n)
      log.warn(circle)
      log.error(unreadable)
      log.info({ toJSON: () => unreadable.message }, 'with a text')
      log.info({ message: Symbol('odd') })
      log.info(undefined)
    })
    assert.equal((await endOf(id)).snapshot.status, 'completed')
    assert.deepEqual(messages(await logsOf(id)), [
      '{ rows: 10n }',
      'a log line could not be read',
      '[Circular]',
      'a log line could not be read',
      'with a text',
      '{}',
      'undefined',
    ])
  })

  test('is read in pages, and goes on where the last one ended', async ({ assert }) => {
    const more = deferred()
    const told = deferred()
    const id = await startScript(async ({ log }) => {
      for (let line = 1; line <= 5; line++) log.info(`line ${line}`)
      told.resolve()
      await more.promise
      log.info('line 6')
    })
    await told.promise
    // Nothing of it needs to be in the table yet.
    const first = await logsOf(id, '?limit=2')
    assert.deepEqual(messages(first), ['line 1', 'line 2'])
    assert.deepEqual(first.meta, { limit: 2, nextAfter: 2, hasMore: true })
    const second = await logsOf(id, `?after=${first.meta.nextAfter}`)
    assert.deepEqual(messages(second), ['line 3', 'line 4', 'line 5'])
    assert.isFalse(second.meta.hasMore)
    const none = await logsOf(id, `?after=${second.meta.nextAfter}`)
    assert.deepEqual([none.data, none.meta.nextAfter], [[], 5])
    more.resolve()
    await endOf(id)
    assert.deepEqual(messages(await logsOf(id, '?after=5')), ['line 6'])
  })

  test('is in the table while the task runs, and whole before its end is told', async ({
    assert,
  }) => {
    const more = deferred()
    const id = await startScript(async ({ log }) => {
      log.info('early')
      await more.promise
      log.info('late')
    })
    const stored = () => db.from('task_logs').where('task_id', id).orderBy('seq')
    await until(async () => (await stored()).length === 1)
    more.resolve()
    await endOf(id)
    assert.deepEqual(
      (await stored()).map(({ message }) => message),
      ['early', 'late']
    )
  })

  test('keeps the newest 1,000 lines', async ({ assert }) => {
    const half = deferred()
    const id = await startScript(async ({ log }) => {
      for (let line = 1; line <= 700; line++) log.info(`${line}`)
      await half.promise
      for (let line = 701; line <= 4500; line++) log.info(`${line}`)
    })
    await until(() => db.from('task_logs').where('task_id', id).first())
    half.resolve()
    await endOf(id)
    await until(async () => (await db.from('task_logs').where('task_id', id)).length === 1000)
    const { data, meta } = await logsOf(id, '?limit=1000')
    assert.equal(data[0].message, '3501')
    assert.equal(data.at(-1)?.message, '4500')
    assert.deepEqual(meta, { limit: 1000, nextAfter: 4500, hasMore: false })
  })

  test('says how its attempts went, however slowly it is written', async ({ assert, cleanup }) => {
    const { insert } = TaskLogTable.prototype
    cleanup(() => void (TaskLogTable.prototype.insert = insert))
    TaskLogTable.prototype.insert = async function (batch) {
      // Longer than the next attempt waits.
      await setTimeout(100)
      return insert.call(this, batch)
    }
    const id = await startScript(
      async (task) => {
        task.log.info(`this is ${task.attempt}`)
        if (task.attempt < 3) throw new TaskError('no-paper', 'No paper.')
      },
      undefined,
      Persistent
    )
    await endOf(id)
    const { data } = await logsOf(id)
    const failed = (attempt: number) =>
      new RegExp(
        `^Attempt ${attempt} failed after [\\d.]+ s \\(no-paper\\): No paper\\. The next one begins in [\\d.]+ s\\.$`
      )
    const expected: [number, string, RegExp][] = [
      [1, 'info', /^this is 1$/],
      [1, 'warn', failed(1)],
      [2, 'info', /^Attempt 2 begins\.$/],
      [2, 'info', /^this is 2$/],
      [2, 'warn', failed(2)],
      [3, 'info', /^Attempt 3 begins\.$/],
      [3, 'info', /^this is 3$/],
    ]
    assert.lengthOf(data, expected.length)
    for (const [index, [attempt, level, message]] of expected.entries()) {
      assert.equal(data[index].attempt, attempt)
      assert.equal(data[index].level, level)
      assert.match(data[index].message, message)
    }
    const order = data.map(({ seq }) => seq)
    assert.deepEqual(
      order,
      [...new Set(order)].sort((a, b) => a - b)
    )
  })

  test('says why the task failed', async ({ assert }) => {
    const id = await startScript(async () => {
      throw new TaskError('no-ink', 'No ink.')
    })
    await endOf(id)
    const { data } = await logsOf(id)
    assert.lengthOf(data, 1)
    assert.equal(data[0].level, 'error')
    assert.match(data[0].message, /^Attempt 1 failed after [\d.]+ s \(no-ink\): No ink\.$/)
  })

  test('of a task that logs nothing and leaves no file costs no statement', async ({
    assert,
    cleanup,
  }) => {
    const statements: string[] = []
    const { client } = db.connection().getWriteClient()
    const hear = ({ sql }: { sql: string }) => void statements.push(sql)
    client.on('query', hear)
    cleanup(() => void client.off('query', hear))
    const id = await startScript(async (task) => task.progress(50))
    await endOf(id)
    assert.isAbove(statements.length, 0)
    assert.isEmpty(statements.filter((sql) => /task_(logs|files)/.test(sql)))
  })

  test('goes with its task', async ({ assert }) => {
    const id = await startScript(async ({ log }) => log.info('x'))
    await endOf(id)
    await db.from('tasks').where({ id }).delete()
    assert.isEmpty(await db.from('task_logs').where('task_id', id))
  })

  test('404 for an unknown id and for somebody else, 422 for a bad query', async ({
    assert,
    cleanup,
  }) => {
    const id = await startScript(async ({ log }) => log.info('mine'))
    await endOf(id)
    cleanup(resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local'))
    for (const [path, headers] of [
      [randomUUID(), {}],
      [id, { 'x-owner': 'mallory' }],
    ] as const) {
      const answer = await fetch(`${base()}/tasks/${path}/logs`, { headers })
      assert.equal(answer.status, 404)
      assert.containsSubset(await answer.json(), { code: 'task-not-found' })
    }
    for (const query of ['after=-1', 'after=x', 'after=1e99', 'limit=0', 'limit=1001']) {
      const answer = await fetch(`${base()}/tasks/${id}/logs?${query}`)
      assert.equal(answer.status, 422, query)
      assert.containsSubset(await answer.json(), { code: 'invalid-input' })
    }
  })
})

test.group('Log lines live', () => {
  /** A task that logs and ends when it is told to. */
  async function talkative(say: (task: Scripted) => Promise<void> | void) {
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(10)
      await go.promise
      await say(task)
    })
    return { id, url: `${base()}/tasks/${id}`, go: () => go.resolve() }
  }

  test('come as named events without an id, before the end, to the one-request stream alone', async ({
    assert,
    cleanup,
  }) => {
    const { id, url, go } = await talkative(({ log }) => {
      log.info('one\ntwo')
      log.warn('three')
    })
    const [events, negotiated, line, transmit] = await Promise.all([
      OneRequest.open(`${url}/events`),
      OneRequest.open(url, { accept: 'text/event-stream' }),
      OneRequest.open(`${url}/events`, { accept: 'text/plain' }),
      RawStream.open(base()),
    ])
    cleanup(() => transmit.close())
    await transmit.subscribe(id)
    await until(() => events.last && negotiated.last && line.text && transmit.last(id))
    go()
    await Promise.all([events.ended, negotiated.ended, line.ended])
    await transmit.until(id, ({ status }) => status === 'completed')

    const { data } = await logsOf(id)
    assert.lengthOf(data, 2)
    for (const stream of [events, negotiated]) {
      assert.deepEqual(linesIn(stream.text), data)
      assert.equal(stream.last?.status, 'completed')
      assert.isBelow(stream.text.lastIndexOf('event: log'), stream.text.lastIndexOf('id: '))
    }
    assert.notInclude(line.text, 'three')
    assert.isTrue(transmit.frames.every(({ payload }) => payload.id === id))
  })

  test('to a reader that takes nothing are the newest, and the end still comes', async ({
    assert,
    cleanup,
  }) => {
    const count = 8000
    const { id, url, go } = await talkative(async ({ log }) => {
      for (let line = 1; line <= count; line++) {
        log.info(`${line} ${'x'.repeat(1900)}`)
        if (line % 50 === 0) await turns(1)
      }
    })
    const slow = await RawSocket.open(`${url}/events`)
    cleanup(() => slow.close())
    slow.socket.pause()
    go()
    await endOf(id)
    slow.socket.resume()
    await until(() => slow.closed)

    const numbers = linesIn(slow.text).map(({ seq }) => seq)
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b)
    )
    assert.isBelow(numbers.length, count)
    assert.equal(numbers.at(-1), count)
    const last = slow.payloads<{ status?: string }>().at(-1)
    assert.equal(last?.status, 'completed')
  })
})
