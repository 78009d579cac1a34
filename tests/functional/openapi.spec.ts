import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import router from '@adonisjs/core/services/router'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Contract, type ApiDocument } from '#tests/helpers/contract'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

async function theDocument(): Promise<ApiDocument> {
  return (await (await fetch(`${base()}/openapi.json`)).json()) as ApiDocument
}

test.group('The OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async ({ assert }) => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(structuredClone(await theDocument()))
    assert.isTrue(valid, JSON.stringify(errors))
    assert.equal(validator.version, '3.1')
  })

  test('has every route, and no other', async ({ assert }) => {
    const { paths } = await theDocument()
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => method !== 'options')
        .map((method) => `${method.toUpperCase()} ${path}`)
    )
    const routes = Object.values(router.toJSON()).flat()
    const existing = routes.flatMap(({ methods, pattern }) =>
      methods
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${pattern.replace(/:(\w+)/g, '{$1}')}`)
    )
    assert.sameMembers(documented, existing)
  })

  test('tells the input of each task type, as JSON where it needs no file', async ({ assert }) => {
    const { paths } = await theDocument()
    const { content } = paths['/tasks']?.post?.requestBody as unknown as {
      content: Record<string, { schema: { oneOf: object[] } }>
    }
    const simulate = {
      properties: {
        type: { const: 'simulate' },
        input: { properties: { steps: { type: 'integer', minimum: 1, maximum: 1_000_000 } } },
      },
      required: ['type'],
    }
    const importCsv = {
      properties: { type: { const: 'import-csv' }, file: { type: 'string' } },
      required: ['type', 'input', 'file'],
    }
    const { schema: json } = content['application/json'] ?? {}
    const { schema: multipart } = content['multipart/form-data'] ?? {}
    assert.containsSubset(json?.oneOf, [simulate])
    assert.notInclude(JSON.stringify(json), 'import-csv')
    assert.containsSubset(multipart?.oneOf, [simulate, importCsv])
  })

  test('tells every code that a status may come with', async ({ assert }) => {
    const { paths } = await theDocument()
    const answer = JSON.stringify(paths['/tasks']?.post?.responses['409'])
    assert.include(answer, '"code":{"enum":["id-taken"]}')
    assert.include(JSON.stringify(paths['/tasks']?.post?.responses['429']), 'Retry-After')
  })

  test('can be read as a page that may load and run nothing', async ({ assert }) => {
    const answer = await fetch(`${base()}/docs`)
    const html = await answer.text()
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'; style/)
    assert.notMatch(html, /<script|<link|<img|style=|https?:\/\//)
    for (const part of ['/tasks/{id}/progress', 'import-csv', 'invalid-input', 'etaSeconds']) {
      assert.include(html, part)
    }
    assert.notInclude(html, '[object Object]')
    assert.notInclude(html, 'undefined')
  })
})

test.group('The check of answers against the document', () => {
  test('finds {title}')
    .with([
      { title: 'an undocumented status', change: { status: 299 }, found: 'status 299' },
      { title: 'an undocumented type', change: { type: 'text/xml' }, found: '"text/xml"' },
      { title: 'a missing header', change: { vary: undefined }, found: 'vary is missing' },
      { title: 'an undocumented header', change: { more: '1' }, found: 'x-more is not' },
      { title: 'an undocumented property', change: { body: { more: 1 } }, found: 'additional' },
      { title: 'a wrong value', change: { body: { status: 'busy' } }, found: 'allowed values' },
      { title: 'a wrong date', change: { body: { createdAt: 'now' } }, found: 'date-time' },
      { title: 'a wrong message', change: { type: 'text/event-stream' }, found: 'required' },
      { title: 'nothing in what is right', change: {}, found: null },
    ])
    .run(async ({ assert, client }, { change, found }) => {
      const contract = new Contract(await theDocument())
      const body = { type: 'simulate', input: { steps: 1, stepMs: 0 }, id: randomUUID() }
      const task = (await client.post('/tasks').json(body)).body()
      const {
        status = 200,
        type = 'application/json',
        more,
        ...rest
      } = change as {
        status?: number
        type?: string
        more?: string
        body?: object
      }
      const json = JSON.stringify({ ...task, ...rest.body })
      const problems = contract.problemsOf({
        method: 'GET',
        url: `/tasks/${task.id}`,
        status,
        headers: {
          'content-type': type,
          'cache-control': 'no-cache',
          ...('vary' in change ? {} : { vary: 'Accept' }),
          ...(more && { 'x-more': more }),
        },
        body: type === 'text/event-stream' ? 'data: {}\n\n' : json,
      })
      if (found === null) assert.deepEqual(problems, [])
      else assert.include(problems.join(), found)
    })
})
