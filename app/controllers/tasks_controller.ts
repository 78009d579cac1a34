import { engine, hub } from '#start/services'
import env from '#start/env'
import { ownerOf } from '#start/owner'
import { readTaskRequest } from '#validators/task_request'
import { TaskNotFound } from '#exceptions/http_errors'
import { listTasksValidator } from '#validators/task'
import type { HttpContext } from '@adonisjs/core/http'
import TaskTransformer from '#transformers/task_transformer'
import { cursorOf, seqOf } from '#transformers/cursor'
import type { Encoding } from '#realtime/encoding'
import { lineEncoding } from '#realtime/line_encoding'
import { eventEncoding } from '#realtime/event_encoding'
import { answerWithStream } from '#controllers/task_stream'
import { answerWithCut, retryAfter } from '#controllers/answers'

/** What `GET /tasks/:id` can be; the first where the client takes anything. */
const types = ['application/json', 'text/event-stream', 'text/plain']
const streams: ReadonlyMap<unknown, Encoding> = new Map<unknown, Encoding>([
  ['text/event-stream', eventEncoding],
  ['text/plain', lineEncoding],
])

/** Tasks as resources: start one, look at one, list them. */
export default class TasksController {
  /** 202 with the task, which is in the table by then. */
  async store(ctx: HttpContext) {
    const request = await readTaskRequest(ctx, engine.files, env.get('MAX_UPLOAD'))
    const { task } = await engine.start({ ...request, owner: ownerOf(ctx) })

    ctx.response.status(202).header('Location', task.cut.snapshot.links.self)
    retryAfter(ctx, task.cut)
    return answerWithCut(ctx, task.cut, new TaskTransformer(task).toObject())
  }

  /** JSON, unless the client would rather have the stream. */
  async show(ctx: HttpContext) {
    const task = await engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const encoding = streams.get(ctx.request.accepts(types) ?? '')
    if (encoding) return answerWithStream(ctx, hub, { cut: task.cut, encoding })
    retryAfter(ctx, task.cut)
    return answerWithCut(ctx, task.cut, new TaskTransformer(task).toObject())
  }

  /** Newest first. `meta.nextCursor` leads to the next page, `null` on the last. */
  async index(ctx: HttpContext) {
    const { cursor, limit = 20, ...filter } = await ctx.request.validateUsing(listTasksValidator)
    const before = cursor === undefined ? undefined : seqOf(cursor)
    const owner = ownerOf(ctx)
    const tasks = await engine.list({ ...filter, owner, before, limit: limit + 1 })

    const page = tasks.slice(0, limit)
    const last = tasks.length > limit ? page.at(-1) : undefined
    return {
      data: page.map((task) => task.cut.snapshot),
      meta: { limit, nextCursor: last ? cursorOf(last.seq) : null },
    }
  }
}
