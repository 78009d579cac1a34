import type { Json } from '#openapi/json'

const text = { type: 'string' }
const seconds = { type: 'integer', minimum: 0 }

/** What clients may send. */
export const requestHeaders = {
  'Idempotency-Key': {
    description: 'A request under a key that was used before is answered with the same task.',
    schema: { type: 'string', maxLength: 257 },
    example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  },
  'If-Match': {
    description: 'An ETag that the client acts upon. Refused with 412 when it is not the newest.',
    schema: text,
    example: '"7"',
  },
  'If-None-Match': {
    description: 'An ETag that the client has. Answered with 304 while it is the newest.',
    schema: text,
    example: '"7"',
  },
  'If-Range': {
    description: 'An ETag: the range is for this version of the file, else all of it is sent.',
    schema: text,
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
  'Range': {
    description: 'The part of a file that is asked for (RFC 9110 §14.2).',
    schema: text,
    example: 'bytes=0-1023',
  },
} as const satisfies Readonly<Record<string, Json>>

/** What answers carry. */
export const responseHeaders = {
  'Access-Control-Allow-Credentials': {
    description: 'For pages of other origins.',
    schema: { const: 'true' },
  },
  'Access-Control-Allow-Headers': { description: 'What a page may send.', schema: text },
  'Access-Control-Allow-Methods': { description: 'What a page may do.', schema: text },
  'Access-Control-Allow-Origin': { description: 'Whose pages may read this.', schema: text },
  'Access-Control-Expose-Headers': { description: 'Headers a page may read.', schema: text },
  'Access-Control-Max-Age': { description: 'Seconds.', schema: seconds },
  'Accept-Ranges': { description: 'Parts can be asked for.', schema: { const: 'bytes' } },
  'Allow': { description: 'The methods of this address.', schema: text },
  'Cache-Control': { description: 'How the answer may be cached.', schema: text },
  'Content-Disposition': { description: 'The name of the file.', schema: text },
  'Content-Encoding': { description: 'For who accepts it.', schema: { const: 'gzip' } },
  'Content-Range': {
    description: 'The part, and the size of the whole.',
    schema: { type: 'string', pattern: '^bytes ' },
  },
  'Content-Security-Policy': { description: 'What the page may load and run.', schema: text },
  'ETag': {
    description: 'Of a task the version, which grows with every snapshot.',
    schema: { type: 'string', pattern: '^(W/)?".*"$' },
  },
  'Expire': { description: 'Of the past.', schema: text },
  'Idempotent-Replayed': {
    description: 'The key was used before: nothing new was started.',
    schema: { const: 'true' },
  },
  'Location': { description: 'The address of the task.', schema: text },
  'Pragma': { description: 'For caches of old.', schema: { const: 'no-cache' } },
  'Preference-Applied': { description: 'The wait that was granted.', schema: text },
  'Retry-After': { description: 'Seconds after which to ask again.', schema: seconds },
  'Vary': { description: 'The request headers that the answer depends on.', schema: text },
  'X-Content-Type-Options': { description: 'The type is no guess.', schema: { const: 'nosniff' } },
  'X-Accel-Buffering': {
    description: 'Has proxies pass the stream on at once.',
    schema: { const: 'no' },
  },
  'X-Request-Id': { description: 'Names the request in the log.', schema: text },
} as const satisfies Readonly<Record<string, Json>>

/** Those of every answer, and whether they are always there. */
export const commonHeaders = {
  'Vary': true,
  'X-Request-Id': false,
  'Access-Control-Allow-Origin': false,
  'Access-Control-Allow-Credentials': false,
  'Access-Control-Expose-Headers': false,
} as const satisfies Partial<Record<ResponseHeader, boolean>>

export type RequestHeader = keyof typeof requestHeaders
export type ResponseHeader = keyof typeof responseHeaders
