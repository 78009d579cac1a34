import { engine } from '#start/services'
import { ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import { heedIfMatch } from '#controllers/precondition'
import { answerWithStart } from '#controllers/start_answer'
import { keyOf } from '#validators/idempotency_key'
import { NotRetryable, TaskNotFound } from '#exceptions/http_errors'

/** New tasks that go on where others stopped. */
export default class TaskRetriesController {
  /** 202 with the new task, 409 for one that lives or has completed. */
  async store(ctx: HttpContext) {
    await heedIfMatch(ctx, (status) => status === 'failed' || status === 'cancelled')
    const key = keyOf(ctx.request)
    const started = await engine.retry(ctx.params.id, ownerOf(ctx), key)
    if (!started) throw new TaskNotFound()
    if ('refused' in started) throw new NotRetryable(started.refused)
    return answerWithStart(ctx, started, key)
  }
}
