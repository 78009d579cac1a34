import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { test } from '@japa/runner'
import { gunzipSync } from 'node:zlib'
import type { Task } from '#transformers/task_transformer'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { ServerProcess } from '#tests/helpers/server_process'
import { blocksOf, curl, runReadme, type Call } from '#tests/helpers/readme'

test.group('The README', () => {
  test('says what curl does, word by word', async ({ assert, cleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'headway-readme-'))
    cleanup(() => rm(folder, { recursive: true, force: true }))
    const server = await ServerProcess.start()
    cleanup(() => server.dispose())
    const { calls, output } = await runReadme(server.url, folder)
    const rest = [...calls]
    /** The next call whose words match. */
    const next = (words: RegExp): Call => {
      const at = rest.findIndex(({ args }) => words.test(args))
      if (at < 0) throw new Error(`the README has no further call like ${words}`)
      return rest.splice(0, at + 1).at(-1) as Call
    }
    const read = (name: string) => readFile(join(folder, name))

    const first = next(/-i .*"steps":100/)
    const [told = ''] = await blocksOf('')
    for (const line of told.trim().split('\n')) {
      const known = line.replace(/tasks\/.*/, 'tasks/')
      assert.include(first.output, known)
    }
    assert.equal(first.header('location'), `/tasks/${first.json<Task>().id}`)

    const polled = next(/-i .*\/progress$/)
    assert.equal(polled.status, 200)
    assert.equal(polled.header('etag'), `"${polled.json<Task>().version}"`)
    assert.equal(polled.header('retry-after'), '1')
    const [version, newer] = [polled, next(/Prefer: wait=10/)].map(
      (call) => call.json<Task>().version
    )
    assert.isAbove(Number(newer), Number(version))
    assert.match(next(/-N .*\/events/).output, /"status":"completed".*\n\n$/s)
    assert.include(next(/-N .*text\/plain/).output, 'completed')
    next(/--etag-save/)
    const known = next(/--etag-compare/)
    assert.equal(known.status, 304)
    assert.match(known.output, /\r\n\r\n$/)
    assert.equal(next(/"stepMs":5000/).json<Task>().version, 1)
    assert.equal(next(/-X POST .*\/cancel -H If-Match: "1"/).status, 412)
    assert.equal(next(/-X POST .*\/cancel$/).status, 202)
    assert.include(next(/-N .*text\/plain/).output, 'cancelled')
    assert.equal(next(/-X DELETE .*\/tasks/).status, 204)
    assert.isAtMost(next(/tasks\?limit=5/).json<{ data: [] }>().data.length, 5)
    assert.include(next(/\/task-types/).output, '"properties"')

    const waited = next(/-i .*Prefer: wait=10/)
    assert.deepEqual([waited.status, waited.json<Task>().status], [200, 'completed'])
    const [once, again] = [next(/Idempotency-Key/), next(/Idempotency-Key/)]
    assert.equal(again.json<Task>().id, once.json<Task>().id)
    assert.deepEqual(
      [once, again].map((call) => call.header('idempotent-replayed')),
      [undefined, 'true']
    )
    const failed = next(/"failAt":3/).json<Task>()
    const retry = next(/\/retry/)
    assert.deepEqual([retry.status, retry.json<Task>().retryOf], [202, failed.id])

    assert.equal(next(/-F file=@people.csv/).json<Task>().type, 'import-csv')
    assert.deepInclude(await ended(next(/\/tasks\/[^/]+$/).json<Task>()), { rows: 2, rejected: 1 })
    assert.include(next(/\/datasets$/).output, '"people"')
    assert.include(next(/-N .*text\/plain/).output, 'completed')
    assert.match(next(/-I .*\/result/).output, /^HTTP\/1\.1 200 OK\r\n/)
    assert.equal(
      gunzipSync(await read('people.csv.gz')).toString(),
      'name,city\r\nAda,London\r\nGrace,"New\nYork"\r\n'
    )
    assert.deepEqual(await read('part.csv.gz'), await read('people.csv.gz'))
    assert.isNotEmpty(next(/\/logs\?after=0/).json<{ data: [] }>().data)
    const result = next(/-i .*\/result/)
    assert.deepEqual(
      [result.status, result.json<{ code: string }>().code],
      [422, 'simulated-failure']
    )
    assert.equal(next(/-X DELETE .*\/datasets\/people/).status, 204)

    const [problem = ''] = await blocksOf('json')
    assert.deepEqual(next(/"steps":"many"/).json(), JSON.parse(problem))
    assert.match(output, /^422 .*invalid-input/m)
    for (const name of ['api.d.ts', 'client.d.ts'])
      assert.include(String(await read(name)), 'export')
    assert.include(next(/\/openapi\.json/).output, 'openapi')
    next(/^-sO .*api\.d\.ts/)
    assert.lengthOf(rest, 0)

    /** The result of a task that is seen here at any time of its life. */
    async function ended({ links }: Task): Promise<object> {
      const answer = await fetch(`${server.url}${links.progress}`, {
        headers: { prefer: 'wait=10' },
      })
      return ((await answer.json()) as { result: object }).result
    }
  })
    .skip(!curl, 'no curl here')
    .timeout(120_000)
})
