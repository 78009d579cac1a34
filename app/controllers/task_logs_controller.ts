import { engine } from '#start/services'
import { ownerOf } from '#start/owner'
import { logPageValidator } from '#validators/task'
import { TaskNotFound } from '#exceptions/http_errors'
import type { LogPage } from '#openapi/shapes'
import type { HttpContext } from '@adonisjs/core/http'

/** What a task has logged. */
export default class TaskLogsController {
  /**
   * The oldest lines first, those behind `after`. `meta.nextAfter` leads on, also later: to what is
   * logged from now on.
   */
  async index(ctx: HttpContext): Promise<LogPage> {
    const { after = 0, limit = 100 } = await ctx.request.validateUsing(logPageValidator)
    const task = await engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const lines = await engine.logs.page(task.cut.id, after, limit + 1)
    const data = lines.slice(0, limit)
    ctx.response.header('Cache-Control', 'private, no-cache')
    return {
      data,
      meta: { limit, nextAfter: data.at(-1)?.seq ?? after, hasMore: lines.length > limit },
    }
  }
}
