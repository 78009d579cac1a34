import type { Json } from '#openapi/json'

const text = { type: 'string' }
const seconds = { type: 'integer', minimum: 0 }

/** What clients may send. */
export const requestHeaders = {
  'If-None-Match': {
    description: 'An ETag that the client has. Answered with 304 while it is the newest.',
    schema: text,
    example: '"7"',
  },
  'Last-Event-ID': {
    description: 'The version that the client has. The stream goes on behind it.',
    schema: text,
    example: '7',
  },
  'Prefer': {
    description: '`wait=N` holds the answer for up to N seconds, 60 at most (RFC 7240).',
    schema: text,
    example: 'wait=10',
  },
} as const satisfies Readonly<Record<string, Json>>

/** What answers carry. */
export const responseHeaders = {
  'Cache-Control': { description: 'How the answer may be cached.', schema: text },
  'Content-Security-Policy': { description: 'What the page may load: nothing.', schema: text },
  'ETag': {
    description: 'Of a task the version, which grows with every snapshot.',
    schema: { type: 'string', pattern: '^(W/)?".*"$' },
  },
  'Location': { description: 'The address of the task.', schema: text },
  'Preference-Applied': { description: 'The wait that was granted.', schema: text },
  'Retry-After': { description: 'Seconds after which to ask again.', schema: seconds },
  'Vary': { description: 'The request headers that the answer depends on.', schema: text },
  'X-Accel-Buffering': {
    description: 'Has proxies pass the stream on at once.',
    schema: { const: 'no' },
  },
} as const satisfies Readonly<Record<string, Json>>

export type RequestHeader = keyof typeof requestHeaders
export type ResponseHeader = keyof typeof responseHeaders
