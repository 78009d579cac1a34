import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import type { Encoding } from '#realtime/encoding'
import type { HttpContext } from '@adonisjs/core/http'

/** Seconds. */
const LONGEST_PAUSE = 30

/**
 * The health of a task that runs in another process changes without a new version, and must not
 * hide behind a 304: what is not as usual is in the tag.
 */
export function tagOf({ version, snapshot: { health } }: Cut): string {
  return health === null || health === 'active' ? `"${version}"` : `"${version}-${health}"`
}

/**
 * Answers with a representation of a cut: its bytes, its `ETag`, 304 where the client has it
 * (RFC 9110 §13). What isn't given is the snapshot itself.
 */
export function answerWithCut(ctx: HttpContext, cut: Cut, body?: object): void {
  const { response } = ctx
  const etag = tagOf(cut)
  response.header('ETag', etag).header('Cache-Control', 'private, no-cache').vary('Accept')
  if (hasIt(ctx, etag)) return response.status(304).send(null)
  response
    .header('Content-Type', 'application/json; charset=utf-8')
    .send(body ? JSON.stringify(body) : cut.json)
}

/**
 * Whether a reader has what this `ETag` names (`If-None-Match`, RFC 9110 §13.1.2). AdonisJS' own
 * `fresh` says no where `Cache-Control: no-cache` is sent, too, and `fetch` adds that to each
 * `If-None-Match` of a page.
 */
export function hasIt({ request }: HttpContext, etag: string): boolean {
  if (request.method() !== 'GET' && request.method() !== 'HEAD') return false
  const tags = request.header('if-none-match')?.split(',')
  const names = tags?.map((tag) => tag.trim().replace(/^W\//, ''))
  return names !== undefined && (names.includes(etag) || names.includes('*'))
}

/**
 * Tells a poller when to look again, in whole seconds: soon at first, at a twentieth of the time
 * elapsed later, when it is about to end, and not at all when it has ended.
 */
export function retryAfter({ response }: HttpContext, { snapshot }: Cut): void {
  if (isTerminal(snapshot.status)) return
  const elapsed = (Date.now() - Date.parse(snapshot.startedAt ?? snapshot.createdAt)) / 1000
  const pause = Math.min(elapsed / 20, snapshot.etaSeconds ?? Infinity, LONGEST_PAUSE)
  response.header('Retry-After', Math.max(1, Math.round(pause)))
}

/**
 * Whether there is nobody to answer any more: he has gone, or was told meanwhile that what he sent
 * behind this request is no good.
 */
export function isOver({ request, response }: HttpContext): boolean {
  return response.headersSent || request.request.socket.destroyed
}

/**
 * Answers a request for a stream that can't be had now: 200, come back after so many milliseconds.
 * Any other status would end an `EventSource` for good.
 */
export function answerWithRetry(
  { response }: HttpContext,
  encoding: Encoding,
  after: number
): void {
  response
    .header('Content-Type', encoding.contentType)
    .header('Cache-Control', 'no-store')
    .send(encoding.retry(after))
}
