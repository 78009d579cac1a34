import { STATUS_CODES } from 'node:http'
import type { TaskTypes } from '#engine/task_types'
import { problems } from '#exceptions/problem'
import { DatabaseUnavailable, StorageFull } from '#engine/errors'
import { ForeignHost, ForeignOrigin } from '#exceptions/http_errors'
import schemas from '#openapi/schemas.json' with { type: 'json' }
import { taskOperations } from '#openapi/task_operations'
import { resultOperations } from '#openapi/result_operations'
import { datasetOperations } from '#openapi/dataset_operations'
import { serverOperations } from '#openapi/server_operations'
import { pageOperations } from '#openapi/page_operations'
import { streamOperations } from '#openapi/stream_operations'
import { requestHeaders, responseHeaders, type ResponseHeader } from '#openapi/headers'
import type { Json } from '#openapi/json'
import {
  shape,
  type Answer,
  type Operation,
  type Operations,
  type ProblemKind,
} from '#openapi/operation'

const groups: Readonly<Record<string, Operations>> = {
  Tasks: taskOperations,
  Results: resultOperations,
  Datasets: datasetOperations,
  Streams: streamOperations,
  Server: serverOperations,
  Page: pageOperations,
}

/** What every route may answer, whatever it is. */
const always: readonly ProblemKind[] = [
  ForeignHost,
  ForeignOrigin,
  problems.malformedUrl,
  problems.internalError,
  StorageFull,
  DatabaseUnavailable,
]

/** What a route may answer that is sent a body. */
const withBody: readonly ProblemKind[] = [
  problems.malformedJson,
  problems.malformedBody,
  problems.badRequest,
  problems.bodyTooLarge,
  problems.unsupportedEncoding,
]

/** These tell when to come back. */
const passing = [429, 503, 507]

/** The OpenAPI 3.1 document, made of what validates: Vine schemas, error classes, and types. */
export function documentOf(types: TaskTypes): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [tag, operations] of Object.entries(groups)) {
    for (const [route, operation] of Object.entries(operations)) {
      const [method = '', pattern = ''] = route.split(' ')
      const path = pattern.replace(/:(\w+)/g, '{$1}')
      const described = operationOf(operation, { method, path, tag, types })
      paths[path] = { ...paths[path], [method.toLowerCase()]: described }
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Headway',
      version: '1',
      description:
        'Long-running tasks with live progress. Every error is a problem (RFC 9457) with a stable `code`. Every GET answers HEAD too, a stream with its head only; a method that an address does not have is answered with 405, `method-not-allowed` and `Allow`.',
    },
    servers: [{ url: '/' }],
    tags: Object.keys(groups).map((name) => ({ name })),
    paths,
    components: { schemas },
  }
}

interface Place {
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly types: TaskTypes
}

function operationOf(operation: Operation, { method, path, tag, types }: Place): Json {
  const { summary, description, answers } = operation
  const content = contentOf(operation, types)
  const kinds = [...always, ...(operation.body ? withBody : []), ...(operation.problems ?? [])]
  return {
    tags: [tag],
    operationId: `${method} ${path}`.toLowerCase().replace(/\W+/g, '-').replace(/-$/, ''),
    summary,
    ...(description && { description }),
    parameters: parametersOf(operation, path),
    ...(content && { requestBody: { required: true, content } }),
    responses: joined(problemResponses(kinds), responsesOf(answers)),
  }
}

function contentOf({ body }: Operation, types: TaskTypes): Json | undefined {
  if (typeof body === 'function') return body(types)
  return body && { 'application/json': { schema: body.toJSONSchema() } }
}

function parametersOf({ query, heeds = [] }: Operation, path: string): Json[] {
  const { properties = {}, required = [] } = query?.toJSONSchema() ?? {}
  return [
    ...[...path.matchAll(/{(\w+)}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema,
    })),
    ...heeds.map((name) => ({ name, in: 'header', ...requestHeaders[name] })),
  ]
}

function responsesOf(answers: Operation['answers']): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])
  )
}

function responseOf({ description, headers = [], content }: Answer): Json {
  const media = Object.entries(content ?? {}).map(([type, { schema, message }]) => [
    type,
    { schema: schema ?? { type: 'string' }, ...(message && { 'x-message': message }) },
  ])
  return {
    description,
    ...(headers.length > 0 && { headers: Object.assign({}, ...headers.map(headerOf)) }),
    ...(content && { content: Object.fromEntries(media) }),
  }
}

/** A status may answer as a problem, and as a page where that is asked for. */
function joined(problemsOf: Record<string, Json>, answers: Record<string, Json>) {
  const both = Object.keys(answers).filter((status) => status in problemsOf)
  const pages = both.map((status) => {
    const [problem, page] = [problemsOf[status], answers[status]] as Record<string, object>[]
    const content = { ...problem?.content, ...page?.content }
    return [status, { ...page, headers: { ...problem?.headers, ...page?.headers }, content }]
  })
  return { ...problemsOf, ...answers, ...Object.fromEntries(pages) }
}

function headerOf(name: string): Json {
  const plain = name.replace('?', '') as ResponseHeader
  return { [plain]: { required: plain === name, ...responseHeaders[plain] } }
}

/** One response a status, with every `code` that it may have. */
function problemResponses(kinds: readonly ProblemKind[]): Record<string, Json> {
  const byStatus = Map.groupBy(kinds, ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => {
      const codes = [...new Set(same.map(({ code }) => code))].sort()
      const code = codes.includes(undefined) ? {} : { code: { enum: codes } }
      const only = { properties: { status: { const: status }, ...code } }
      const answer = responseOf({
        description: STATUS_CODES[status] ?? 'Error',
        headers: [
          ...(passing.includes(status) ? ['Retry-After' as const] : []),
          ...headersOf(same),
        ],
        content: { 'application/problem+json': { schema: { allOf: [shape('Problem'), only] } } },
      })
      return [String(status), answer]
    })
  )
}

/** Those that all of them come with, and with `?` those that only some do. */
function headersOf(kinds: readonly ProblemKind[]): (ResponseHeader | `${ResponseHeader}?`)[] {
  const names = new Set(kinds.flatMap(({ headers = [] }) => headers))
  return [...names].map((name) => {
    const isAlways = kinds.every(({ headers }) => headers?.includes(name))
    return isAlways ? name : (`${name}?` as const)
  })
}
