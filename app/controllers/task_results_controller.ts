import { inject } from '@adonisjs/core'
import { ownerOf } from '#start/owner'
import { Engine } from '#engine/engine'
import type { HttpContext } from '@adonisjs/core/http'
import { retryAfter } from '#controllers/answers'
import { answerWithFile } from '#controllers/file_answer'
import { EndedWithoutResult, ResultNotReady, TaskNotFound } from '#exceptions/http_errors'

/** What a task left behind. */
@inject()
export default class TaskResultsController {
  constructor(protected engine: Engine) {}

  /**
   * 200 with the JSON or the file of a completed task, 409 and `Retry-After` while it lives, 422 with
   * the error of one that failed or was cancelled.
   */
  async show(ctx: HttpContext) {
    const task = await this.engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const { status, error } = task.cut.snapshot
    if (status === 'failed' || status === 'cancelled') {
      throw new EndedWithoutResult(error ?? wasCancelled)
    }
    if (status !== 'completed') {
      retryAfter(ctx, task.cut)
      throw new ResultNotReady(status)
    }

    const file = await this.engine.taskFiles.find(task.cut.id)
    if (file) return answerWithFile(ctx, file, (range) => this.engine.taskFiles.read(file, range))
    const { response } = ctx
    response.header('ETag', `"${task.cut.version}"`).header('Cache-Control', 'private, no-cache')
    if (response.fresh()) return response.status(304).send(null)
    return response
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(JSON.stringify(task.cut.result ?? null))
  }
}

const wasCancelled = { code: 'task-cancelled', message: 'The task was cancelled.' }
