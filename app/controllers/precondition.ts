import { engine } from '#start/services'
import { ownerOf } from '#start/owner'
import type { TaskStatus } from '#engine/status'
import { tagOf } from '#controllers/answers'
import { PreconditionFailed } from '#exceptions/http_errors'
import type { HttpContext } from '@adonisjs/core/http'

/**
 * Refuses what a client would do to another state of a task than the one it has seen (`If-Match`, RFC
 * 9110 §13.1.1, compared strongly: a weak tag matches nothing). Not where the request would be refused
 * anyhow, as §13.2.1 has it: a task that is none, or in a status in which it can't be done.
 *
 * @param can whether it can be done to a task in this status
 */
export async function heedIfMatch(
  ctx: HttpContext,
  can: (status: TaskStatus) => boolean
): Promise<void> {
  const tags = ctx.request.headers()['if-match']
  if (tags === undefined) return
  const task = await engine.find(ctx.params.id, ownerOf(ctx))
  if (!task || !can(task.cut.status)) return
  const etag = tagOf(task.cut)
  const names = tags.split(',').map((tag) => tag.trim())
  if (!names.includes('*') && !names.includes(etag)) throw new PreconditionFailed(etag)
}
