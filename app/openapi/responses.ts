import { STATUS_CODES } from 'node:http'
import type { Json } from '#openapi/json'
import { shape, type Answer, type ProblemKind } from '#openapi/operation'
import { commonHeaders, responseHeaders, type ResponseHeader } from '#openapi/headers'

/** These tell when to come back; why 413 doesn't is said where it is answered. */
const passing = [429, 503, 507]

/** The headers of every answer, to be referred to. */
export function sharedHeaders(): Json {
  const headers = Object.entries(commonHeaders).map(([name, required]) => [
    name,
    { required, ...responseHeaders[name as ResponseHeader] },
  ])
  return Object.fromEntries(headers)
}

/** One status of an operation. */
export function responseOf({ description, headers = [], content }: Answer): Json {
  const media = Object.entries(content ?? {}).map(([type, { schema, message }]) => [
    type,
    { schema: schema ?? { type: 'string' }, ...(message && { 'x-message': message }) },
  ])
  return {
    description,
    headers: Object.assign({}, ...Object.keys(commonHeaders).map(refOf), ...headers.map(headerOf)),
    ...(content && { content: Object.fromEntries(media) }),
  }
}

function refOf(name: string): Json {
  return { [name]: { $ref: `#/components/headers/${name}` } }
}

function headerOf(name: string): Json {
  const plain = name.replace('?', '') as ResponseHeader
  return { [plain]: { required: plain === name, ...responseHeaders[plain] } }
}

/** One response a status, with every `code` that it may have. */
export function problemResponses(kinds: readonly ProblemKind[]): Record<string, Json> {
  const byStatus = Map.groupBy(kinds, ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => {
      const codes = [...new Set(same.map(({ code }) => code))].sort()
      const code = codes.includes(undefined) ? {} : { code: { enum: codes } }
      const only = { properties: { status: { const: status }, ...code } }
      const answer = responseOf({
        description: STATUS_CODES[status] ?? 'Error',
        headers: [
          'Cache-Control',
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
