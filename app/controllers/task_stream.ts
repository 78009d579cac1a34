import type { Cut } from '#engine/cut'
import { isTrouble } from '#engine/trouble'
import type { KnownTask } from '#engine/engine'
import { TaskNotFound } from '#exceptions/http_errors'
import type { Hub } from '#realtime/hub'
import { isTerminal } from '#engine/status'
import type { Encoding } from '#realtime/encoding'
import { clientOf, ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import { answerWithRetry, isOver } from '#controllers/answers'

/**
 * Answers with the stream of a task: the snapshot unless the client has it, what comes after it, and
 * the end. 204 when there is nothing more to come. While the database is in trouble it is 200, and to
 * come back: a 503 would end an `EventSource` for good.
 *
 * @param finding the task, if this client may see it
 */
export async function answerWithStream(
  ctx: HttpContext,
  hub: Hub,
  { finding, encoding }: { finding: Promise<KnownTask | null>; encoding: Encoding }
): Promise<void> {
  const { request, response } = ctx
  const task = await finding.catch((error: unknown) => {
    if (isTrouble(error)) return undefined
    throw error
  })
  if (task === undefined) return answerWithRetry(ctx, encoding, encoding.comebackDelay())
  if (!task) throw new TaskNotFound()
  const { cut } = task
  const seen = seenVersion(request.header('last-event-id'), cut)
  if (seen === cut.version && isTerminal(cut.status)) return response.status(204).send('')

  const raw = response.response
  if (isOver(ctx)) return
  // A pipelined request: other answers go out first, and a stream needs the connection for itself.
  if (!raw.socket) return answerWithRetry(ctx, encoding, 0)
  const opening = { owner: ownerOf(ctx), client: clientOf(ctx), encoding }
  const wait = hub.streams.wait(opening)
  if (wait !== null) return answerWithRetry(ctx, encoding, wait)
  if (request.method() === 'HEAD') return answerWithRetry(ctx, encoding, 0)

  const stream = hub.streams.open(raw, opening)
  raw.writeHead(200, {
    ...response.getHeaders(),
    'Content-Type': encoding.contentType,
    'Cache-Control': 'private, no-cache, no-store, no-transform',
    'X-Accel-Buffering': 'no',
  })
  raw.flushHeaders()
  stream.begin()
  if (seen !== null) stream.has(cut.channel, seen)
  await hub.subscribe(stream, cut.channel, raw)
}

/** The version that the client has. One that the task has never had is none of ours. */
function seenVersion(header: string | undefined, { version }: Cut): number | null {
  const seen = /^\d{1,16}$/.test(header ?? '') ? Number(header) : null
  return seen !== null && seen <= version ? seen : null
}
