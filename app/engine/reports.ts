import { TaskError } from '#engine/errors'
import { DEEPEST, isTooDeep } from '#engine/json_depth'

/** Characters. */
const MESSAGE_LIMIT = 500
/** Bytes of JSON. What is larger is for a file that the task writes piece by piece. */
const RESULT_LIMIT = 16_777_216
/** Bytes of JSON that the table keeps. */
const INLINE_LIMIT = 65_536
/** A header of a megabyte is in every checkpoint of an import. */
const CHECKPOINT_LIMIT = 4_194_304

/** What a task may say of itself; what is left out stays as it was. */
export interface Report {
  readonly progress?: number | null
  readonly message?: string | null
  readonly current?: number | null
  readonly total?: number | null
  readonly unit?: string | null
}

/** Throws `invalid-report` unless the value is a finite number or `null`. */
export function checkNumber(type: string, name: string, value: number | null): void {
  if (value === null || Number.isFinite(value)) return
  throw new TaskError(
    'invalid-report',
    `${type}: ${name} must be a finite number or null, got ${describe(value)}`,
    { retry: false }
  )
}

/** Throws `invalid-report` unless the value is a short text or `null`. */
export function checkText(type: string, name: string, value: string | null): void {
  if (value === null || (typeof value === 'string' && value.length <= MESSAGE_LIMIT)) return
  throw new TaskError(
    'invalid-report',
    `${type}: ${name} must be a text of at most ${MESSAGE_LIMIT} characters, got ${describe(value)}`,
    { retry: false }
  )
}

/** A copy of the value as JSON keeps it. Throws `invalid-result` for what is no JSON or too large. */
export function toResult(type: string, value: unknown): unknown {
  return plain(type, value ?? null, { name: 'result', limit: RESULT_LIMIT })
}

/** Throws `invalid-result` unless a file has a name, and a content type that a header can carry. */
export function checkFile(type: string, name: string, contentType: string): void {
  if (typeof name === 'string' && /^[\w.+-]+\/[\w.+-]+(; ?[\w.+=" -]+)?$/.test(contentType)) return
  const problem = `${type}: a result file needs a name and a content type such as "text/csv"`
  throw new TaskError('invalid-result', problem, { retry: false })
}

/** Whether a result is small enough for the table. */
export function isInline(result: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(result)) <= INLINE_LIMIT
}

/** The same for a checkpoint: `invalid-checkpoint`. */
export function toCheckpoint(type: string, value: unknown): unknown {
  return plain(type, value ?? null, { name: 'checkpoint', limit: CHECKPOINT_LIMIT })
}

function plain(type: string, value: unknown, what: { name: string; limit: number }): unknown {
  const fail = (problem: string, cause?: unknown) =>
    new TaskError(`invalid-${what.name}`, `${type}: the ${what.name} ${problem}`, {
      cause,
      retry: false,
    })

  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw fail('is no JSON', error)
  }
  if (text === undefined) throw fail(`is no JSON, got ${describe(value)}`)
  if (Buffer.byteLength(text) > what.limit) throw fail(`has more than ${what.limit} bytes of JSON`)
  const copy: unknown = JSON.parse(text)
  if (isTooDeep(copy)) throw fail(`is nested deeper than ${DEEPEST} levels`)
  return copy
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length} characters`
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`
}
