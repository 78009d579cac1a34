import { engine } from '#start/services'
import { ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import { heedIfMatch } from '#controllers/precondition'
import { answerWithCut, retryAfter } from '#controllers/answers'
import { TaskFinished, TaskNotFound } from '#exceptions/http_errors'
import TaskTransformer from '#transformers/task_transformer'

/** The wish that a task stops. */
export default class TaskCancellationsController {
  /** 202 while it stops, 200 when it is cancelled, 409 when it had finished before. */
  async store(ctx: HttpContext) {
    await heedIfMatch(ctx, (status) => status !== 'completed' && status !== 'failed')
    const task = await engine.cancel(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const { status } = task.cut
    if (status === 'completed' || status === 'failed') throw new TaskFinished(status)

    ctx.response.status(status === 'cancelled' ? 200 : 202)
    retryAfter(ctx, task.cut)
    return answerWithCut(ctx, task.cut, new TaskTransformer(task).toObject())
  }
}
