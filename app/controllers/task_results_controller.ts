import { engine } from '#start/services'
import { ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import { hasIt, retryAfter } from '#controllers/answers'
import type { KnownTask } from '#engine/engine'
import { answerWithFile } from '#controllers/file_answer'
import { EndedWithoutResult, ResultNotReady, TaskNotFound } from '#exceptions/http_errors'

/** What a task left behind. */
export default class TaskResultsController {
  /**
   * 200 with the JSON or the file of a completed task, 409 and `Retry-After` while it lives, 422 with
   * the error of one that failed or was cancelled.
   */
  async show(ctx: HttpContext) {
    const task = await this.#find(ctx)
    const { status, error } = task.cut.snapshot
    if (status === 'failed' || status === 'cancelled') {
      throw new EndedWithoutResult(error ?? wasCancelled)
    }
    if (status !== 'completed') {
      retryAfter(ctx, task.cut)
      throw new ResultNotReady(status)
    }

    const file = await engine.taskFiles.find(task.cut.id)
    if (file) {
      return answerWithFile(ctx, file, async (range) => {
        const stream = await engine.taskFiles.read(file, range)
        if (!stream) await this.#find(ctx)
        return stream
      })
    }
    await this.#find(ctx)
    const { response } = ctx
    const etag = `"${task.cut.version}"`
    response.header('ETag', etag).header('Cache-Control', 'private, no-cache')
    if (hasIt(ctx, etag)) return response.status(304).send(null)
    return response
      .header('Content-Type', 'application/json; charset=utf-8')
      .send(JSON.stringify(task.cut.result ?? null))
  }

  /** Throws when there is no such task; asked again where a file is missing, which goes with its task. */
  async #find(ctx: HttpContext): Promise<KnownTask> {
    const task = await engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    return task
  }
}

const wasCancelled = { code: 'task-cancelled', message: 'The task was cancelled.' }
