import fc, { type Arbitrary } from 'fast-check'
import { bodiesOf, type Content } from '#tests/helpers/generated/bodies'
import { oddities, valuesOf, type Schema } from '#tests/helpers/generated/schema_values'
import type { ApiDocument } from '#tests/helpers/contract'

/** A request, complete but for the ids of tasks and streams, which are known only at run time. */
export interface GeneratedRequest {
  /** As the document has it: `GET /tasks/{id}`. */
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Chooses among the known ids. */
  readonly pick: number
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}

/** Stands for an id, or the name of a dataset, that is known at run time. */
export const KNOWN_ID = '{known-id}'

const odd = fc.oneof(fc.constantFrom(...oddities.map(String)), fc.string())
const visible = fc.stringMatching(/^[ -~]{0,40}$/)

/** Values of headers: sensible ones, then nonsense. */
const headerValues: Readonly<Record<string, Arbitrary<string>>> = {
  'accept': fc.constantFrom(
    '*/*',
    'application/json',
    'text/event-stream',
    'text/plain',
    'text/html',
    'text/*;q=0.5, application/json;q=0.1',
    'image/png',
    ';;;,,q=9'
  ),
  'if-none-match': fc.constantFrom('"1"', '"2"', 'W/"1"', '"1", "2"', '*', '1', '"', '"99999999"'),
  'if-match': fc.constantFrom('"1"', '"2"', 'W/"1"', '"1", "2"', '*', '1', '"', ''),
  'last-event-id': fc.constantFrom('0', '1', '2', '3', '999999999', '-1', '1.5', 'x'),
  'prefer': fc.constantFrom(
    'wait=0',
    'wait=1',
    'respond-async, wait=0',
    'WAIT=0',
    'wait=-1',
    'wait=',
    'wait=1e9x',
    'wait="0"',
    'wait=00000000000000000',
    'return=minimal;foo="wait=1"'
  ),
  'idempotency-key': fc.oneof(
    fc.uuid(),
    fc.integer({ min: 0, max: 20 }).map((key) => `"key-${key}"`),
    fc.constantFrom('', '"', 'x'.repeat(300), '"a\\"b"', '  ', 'a,b')
  ),
  'range': fc.constantFrom(
    'bytes=0-0',
    'bytes=0-',
    'bytes=1-5',
    'bytes=-3',
    'bytes=9-1',
    'bytes=99999999999999999999-',
    'bytes=0-1,3-4',
    'bytes=',
    'rows=1-2',
    'bytes=a-b'
  ),
  'if-range': fc.constantFrom('"1"', 'W/"1"', 'Sun, 06 Nov 1994 08:49:37 GMT', 'x'),
  'accept-encoding': fc.constantFrom('gzip', 'identity;q=0', '*;q=0', 'br, zstd'),
  'origin': fc.constantFrom('http://localhost:5173', 'null', 'https://evil.example', 'x'),
  'content-encoding': fc.constantFrom('gzip', 'br', 'deflate', 'zstd', 'identity', 'nonsense'),
}

/** Requests that fit a document, and requests that nearly do, on every route of it. */
export function requestsOf({ paths }: ApiDocument): Arbitrary<GeneratedRequest> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(isItself)
      .map(([method, operation]) => {
        const { parameters = [], requestBody } = operation as unknown as {
          parameters?: Parameter[]
          requestBody?: { content: Content }
        }
        const target = { method: method.toUpperCase(), path, parameters, requestBody }
        // What is started is what the other requests are about.
        return { weight: path === '/tasks' && requestBody ? 4 : 1, arbitrary: requestsTo(target) }
      })
  )
  return fc.oneof(...operations)
}

/** `OPTIONS` comes now and then at every address, as other methods do. */
export function isItself([method]: [string, unknown]): boolean {
  return method !== 'options'
}

interface Target {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { content: Content }
}

function requestsTo({
  method,
  path,
  parameters,
  requestBody,
}: Target): Arbitrary<GeneratedRequest> {
  const methods = [method, ...(method === 'GET' ? ['HEAD'] : [])]
  const own = parameters
    .filter((each) => each.in === 'header')
    .map(({ name }) => name.toLowerCase())
  const body = requestBody ? bodiesOf(requestBody.content) : fc.constant({})
  return fc
    .record({
      method: mostly(
        fc.constantFrom(method, ...methods),
        fc.constantFrom('PUT', 'PATCH', 'OPTIONS'),
        30
      ),
      path: pathsOf(path, parameters),
      query: queriesOf(parameters.filter((each) => each.in === 'query')),
      own: headersOf(own, 2),
      other: headersOf(Object.keys(headerValues), 8),
      body: body as Arbitrary<{ type?: string; bytes?: Buffer }>,
      pick: fc.nat(),
    })
    .map(({ own: heeded, other, body: { type, bytes }, ...request }) => ({
      ...request,
      operation: `${method} ${path}`,
      headers: { ...other, ...heeded, ...(type && { 'content-type': type }) },
      body: bytes,
    }))
}

/** Each header in one of so many requests. */
function headersOf(names: string[], rarity: number): Arbitrary<Record<string, string>> {
  const fields = names.map((name) => {
    const values = mostly<string | undefined>(headerValues[name] ?? visible, visible, 6)
    return [name, mostly(fc.constant(undefined), values, rarity)] as const
  })
  return fc
    .record(Object.fromEntries(fields))
    .map((values) => JSON.parse(JSON.stringify(values)) as Record<string, string>)
}

function pathsOf(path: string, parameters: readonly Parameter[]): Arbitrary<string> {
  const names = parameters.filter((each) => each.in === 'path').map(({ name }) => name)
  const values = names.map(() => {
    const wrong = fc.oneof(fc.uuid(), odd.map(encode), fc.constantFrom('%E0%A4%A', '%2e%2e', '..'))
    return mostly(fc.constant(KNOWN_ID), wrong, 5)
  })
  return fc
    .tuple(...values)
    .map((each) =>
      names.reduce((text, name, at) => text.replace(`{${name}}`, each[at] ?? ''), path)
    )
}

function queriesOf(parameters: readonly Parameter[]): Arbitrary<string> {
  const fields = parameters.map(({ name, schema }) => {
    const right = name === 'uid' ? fc.constant(KNOWN_ID) : valuesOf(schema).map(String)
    return [name, mostly(right, odd, 5)] as const
  })
  const required = parameters.filter((each) => each.required).map(({ name }) => name)
  const whole = fc.record(Object.fromEntries(fields), { requiredKeys: required })
  const text = whole.map((values) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value === KNOWN_ID ? value : encode(value)}`)
      .join('&')
  )
  const junk = fc.constantFrom(
    'limit=1&limit=2',
    'limit[]=1',
    'limit[a][b]=1',
    '&&==&',
    'a=%00',
    'x=%zz'
  )
  return mostly(text, junk, 12)
}

/** One in so many is the other. */
function mostly<T>(usual: Arbitrary<T>, other: Arbitrary<T>, rarity: number): Arbitrary<T> {
  return fc.oneof({ weight: rarity - 1, arbitrary: usual }, { weight: 1, arbitrary: other })
}

function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
