import type { TaskTypes } from '#engine/task_types'
import { problems } from '#exceptions/problem'
import { DatabaseUnavailable, StorageFull } from '#engine/errors'
import * as http from '#exceptions/http_errors'
import schemas from '#openapi/schemas.json' with { type: 'json' }
import { taskOperations } from '#openapi/task_operations'
import { resultOperations } from '#openapi/result_operations'
import { datasetOperations } from '#openapi/dataset_operations'
import { serverOperations } from '#openapi/server_operations'
import { pageOperations } from '#openapi/page_operations'
import { streamOperations } from '#openapi/stream_operations'
import { taskId } from '#validators/task'
import { requestHeaders } from '#openapi/headers'
import { problemResponses, responseOf, sharedHeaders } from '#openapi/responses'
import type { Json } from '#openapi/json'
import { type Operation, type Operations, type ProblemKind } from '#openapi/operation'

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
  http.MissingHost,
  http.ForeignHost,
  http.ForeignOrigin,
  problems.malformedUrl,
  problems.badRequest,
  problems.requestTimeout,
  problems.expectationFailed,
  problems.headersTooLarge,
  problems.internalError,
  StorageFull,
  DatabaseUnavailable,
]

/** What a route may answer that is sent a body. */
const withBody: readonly ProblemKind[] = [
  problems.malformedJson,
  http.DuplicateKey,
  problems.malformedBody,
  problems.bodyTooLarge,
  problems.unsupportedEncoding,
]

/** The OpenAPI 3.1 document, made of what validates: Vine schemas, error classes, and types. */
export function documentOf(types: TaskTypes): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [tag, operations] of Object.entries(groups)) {
    for (const [route, operation] of Object.entries(operations)) {
      const [method = '', pattern = ''] = route.split(' ')
      const path = pattern.replace(/:(\w+)/g, '{$1}')
      const described = operationOf(operation, { method, path, tag, types })
      paths[path] = {
        options: optionsOf(path, tag),
        ...paths[path],
        [method.toLowerCase()]: described,
      }
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Headway',
      version: '1',
      description:
        'Long-running tasks with live progress. Every error is a problem (RFC 9457) with a stable `code`. Every GET answers HEAD too, a stream with its head only. Unknown addresses get 404 (`route-not-found`), wrong methods 405 (`method-not-allowed`) with `Allow`.',
    },
    servers: [{ url: '/' }],
    tags: Object.keys(groups).map((name) => ({ name })),
    paths,
    components: { schemas, headers: sharedHeaders(), responses: anywhere() },
  }
}

/** What any address may answer, one that is not served included. */
function anywhere(): Record<string, Json> {
  return problemResponses([...always, http.AddressNotFound, http.MethodNotAllowed])
}

function optionsOf(path: string, tag: string): Json {
  return {
    tags: [tag],
    operationId: idOf('options', path),
    summary: 'What can be done here, and by pages of which origins',
    parameters: parametersOf({}, path),
    responses: {
      ...problemResponses(always),
      204: responseOf({
        description: 'For a preflight of CORS, the headers of that; else `Allow`.',
        headers: [
          'Allow?',
          'Access-Control-Allow-Headers?',
          'Access-Control-Allow-Methods?',
          'Access-Control-Max-Age?',
        ],
      }),
    },
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
    operationId: idOf(method, path),
    summary,
    ...(description && { description }),
    parameters: parametersOf(operation, path),
    ...(content && { requestBody: { required: true, content } }),
    responses: joined(problemResponses(kinds), responsesOf(answers)),
  }
}

function idOf(method: string, path: string): string {
  return `${method} ${path}`.toLowerCase().replace(/\W+/g, '-').replace(/-$/, '')
}

function contentOf({ body }: Operation, types: TaskTypes): Json | undefined {
  if (typeof body === 'function') return body(types)
  return body && { 'application/json': { schema: body.toJSONSchema() } }
}

function parametersOf(
  { query, heeds = [] }: Pick<Operation, 'query' | 'heeds'>,
  path: string
): Json[] {
  const { properties = {}, required = [] } = query?.toJSONSchema() ?? {}
  return [
    ...[...path.matchAll(/{(\w+)}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', ...(name === 'id' && { pattern: taskId.source }) },
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
