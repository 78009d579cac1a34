import { STATUS_CODES } from 'node:http'
import { errors as vineErrors } from '@vinejs/vine'
import { toldOf } from '#engine/trouble'
import { EndedWithoutResult } from '#exceptions/http_errors'

/** One field that is wrong, and why. */
export interface FieldProblem {
  readonly field: string
  readonly rule: string
  readonly message: string
}

/** An error as every client sees it: `application/problem+json` (RFC 9457) with a stable `code`. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly FieldProblem[]
}

/** What a problem is, apart from the case in hand. */
export interface Kind {
  readonly status: number
  readonly code: string
  readonly detail?: string
}

interface Thrown {
  readonly status?: unknown
  readonly code?: unknown
  readonly message?: unknown
}

/** Errors that have no class of ours. */
export const problems = {
  routeNotFound: { status: 404, code: 'route-not-found', detail: 'There is no such address.' },
  bodyTooLarge: { status: 413, code: 'body-too-large', detail: 'The body is too large.' },
  unsupportedEncoding: {
    status: 415,
    code: 'unsupported-media-type',
    detail: 'The content encoding is not supported.',
  },
  malformedMultipart: {
    status: 400,
    code: 'malformed-multipart',
    detail: 'The multipart body is broken.',
  },
  malformedJson: { status: 400, code: 'malformed-json', detail: 'The body is not valid JSON.' },
  tooDeep: { status: 400, code: 'malformed-json', detail: 'The body is nested too deeply.' },
  malformedBody: {
    status: 400,
    code: 'malformed-body',
    detail: 'The body is not what its Content-Encoding says.',
  },
  malformedUrl: { status: 400, code: 'malformed-url', detail: 'The address is not a valid URL.' },
  requestTimeout: {
    status: 408,
    code: 'request-timeout',
    detail: 'The request did not come in time.',
  },
  expectationFailed: {
    status: 417,
    code: 'expectation-failed',
    detail: 'Of Expect only 100-continue is known.',
  },
  headersTooLarge: {
    status: 431,
    code: 'headers-too-large',
    detail: 'The headers of the request are too large.',
  },
  badRequest: { status: 400, code: 'bad-request', detail: 'The request can not be read.' },
  invalidInput: { status: 422, code: 'invalid-input', detail: 'Something in it is wrong.' },
  internalError: {
    status: 500,
    code: 'internal-error',
    detail: 'Something went wrong on our side. It is in the log.',
  },
} as const

/** Errors of the framework, by their code or name. */
const known: Readonly<Record<string, (typeof problems)[keyof typeof problems]>> = {
  E_ROUTE_NOT_FOUND: problems.routeNotFound,
  E_REQUEST_ENTITY_TOO_LARGE: problems.bodyTooLarge,
  E_ENCODING_UNSUPPORTED: problems.unsupportedEncoding,
  E_INVALID_MULTIPART_REQUEST: problems.malformedMultipart,
  SyntaxError: problems.malformedJson,
  RangeError: problems.tooDeep,
  URIError: problems.malformedUrl,
}

/** What clients are told of an error. What is nobody's fault but ours is told without detail. */
export function problemOf(raised: unknown): Problem {
  const error = toldOf(raised)
  if (error instanceof vineErrors.E_VALIDATION_ERROR) {
    const errors = error.messages.map(({ field, rule, message }: FieldProblem) => ({
      field,
      rule,
      message,
    }))
    const detail = errors.map(({ message }: FieldProblem) => message).join('. ')
    return { ...problemOfKind(problems.invalidInput, `${detail}.`), errors }
  }
  // The codes of tasks are their authors' own.
  if (error instanceof EndedWithoutResult) {
    return problemOfKind({ status: error.status, code: String(error.code) }, error.message)
  }
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : {}
  const name = error instanceof Error ? error.name : ''
  const match =
    known[String(thrown.code)] ?? (thrown.status === undefined ? undefined : known[name])
  if (match) return problemOfKind(match)
  if (isInflation(thrown.code)) return problemOfKind(problems.malformedBody)

  const status = Number(thrown.status)
  if (!(status >= 400 && status <= 599) || (status >= 500 && !isOurs(thrown.code))) {
    return problemOfKind(problems.internalError)
  }
  const message = String(thrown.message)
  if (isOurs(thrown.code)) return problemOfKind({ status, code: String(thrown.code) }, message)
  const { code } = status === 415 ? problems.unsupportedEncoding : problems.badRequest
  return problemOfKind({ status, code }, message)
}

/** The codes of zlib and brotli for input that is not theirs. */
function isInflation(code: unknown): boolean {
  return /^(Z_|ERR__ERROR_|ERR_BROTLI|ERR_ZSTD|ZSTD_)/.test(String(code))
}

/** Our own codes are kebab-case, those of the framework are not. */
function isOurs(code: unknown): boolean {
  return typeof code === 'string' && /^[a-z]+(-[a-z]+)*$/.test(code)
}

/** The same of an error that nothing was thrown for. */
export function problemOfKind(kind: Kind, detail = kind.detail ?? ''): Problem {
  const { status, code } = kind
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail }
}
