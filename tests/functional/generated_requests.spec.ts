import fc from 'fast-check'
import pLimit from 'p-limit'
import { test } from '@japa/runner'
import { Caller } from '#tests/helpers/generated/caller'
import { isItself, requestsOf } from '#tests/helpers/generated/requests'
import { ServerProcess } from '#tests/helpers/server_process'
import { Contract, type ApiDocument } from '#tests/helpers/contract'

const REQUESTS = 10_000
const AT_ONCE = 16

test.group('Requests that nobody thought of', () => {
  test('every answer is as documented, none is a 5xx, and the server stays up', async ({
    assert,
    cleanup,
  }) => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
    const hint = `again with SEED=${seed}`
    process.stdout.write(`  generated requests: ${hint}\n`)

    const server = await ServerProcess.start({ LOAD_HELPERS: '', TASK_CONCURRENCY: '200' })
    cleanup(() => server.dispose())
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as ApiDocument
    const caller = await Caller.start(server.url)
    cleanup(() => caller.close())

    const contract = new Contract(document)
    const requests = fc.sample(requestsOf(document), { numRuns: REQUESTS, seed })
    const wrong = new Map<string, string>()
    const succeeded = new Set<string>()
    const seen = new Set<string>()
    const limit = pLimit(AT_ONCE)
    await Promise.all(
      requests.map((request) =>
        limit(async () => {
          const answer = await caller.send(request)
          seen.add(`${request.operation} ${answer.status}`)
          if (answer.status < 300) succeeded.add(request.operation)
          const problems = contract.problemsOf(answer)
          if (answer.status >= 500) problems.push(`the status is ${answer.status}`)
          for (const problem of problems) {
            wrong.set(`${request.operation}: ${problem}`, JSON.stringify(request))
          }
        })
      )
    )
    assert.deepEqual([...wrong].slice(0, 20), [], hint)
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(isItself)
        .map(([method]) => `${method.toUpperCase()} ${path}`)
    )
    assert.sameMembers([...succeeded], operations, `some were never answered with 2xx, ${hint}`)
    for (const rare of ['GET /tasks/{id}/result 206', 'GET /tasks/{id} 304', 'POST /tasks 422']) {
      assert.include([...seen], rare)
    }
    assert.equal((await fetch(`${server.url}/health`)).status, 200)
    // A task that fails by a code of its own is no error of ours.
    const errors = server.output.split('\n').filter((line) => /"level":[56]0/.test(line))
    const ours = errors.filter((line) => !line.includes('"retry":'))
    assert.deepEqual(ours, [], hint)
  }).timeout(180_000)
})
