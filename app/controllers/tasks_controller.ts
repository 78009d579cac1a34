import { engine, hub } from '#start/services'
import env from '#start/env'
import { ownerOf } from '#start/owner'
import { readTaskRequest } from '#validators/task_request'
import { isTerminal } from '#engine/status'
import { TaskLive, TaskNotFound } from '#exceptions/http_errors'
import { keyOf } from '#validators/idempotency_key'
import { listTasksValidator } from '#validators/task'
import type { HttpContext } from '@adonisjs/core/http'
import TaskTransformer from '#transformers/task_transformer'
import type { TaskPage } from '#openapi/shapes'
import { cursorOf, seqOf } from '#transformers/cursor'
import type { Encoding } from '#realtime/encoding'
import { lineEncoding } from '#realtime/line_encoding'
import { eventEncoding } from '#realtime/event_encoding'
import { answerWithStream } from '#controllers/task_stream'
import { answerWithTaskPage } from '#controllers/task_page'
import { answerWithStart } from '#controllers/start_answer'
import { heedIfMatch } from '#controllers/precondition'
import { answerWithCut, retryAfter } from '#controllers/answers'

/** What `GET /tasks/:id` can be; the first where the client takes anything. */
const forms = ['application/json', 'text/html', 'text/event-stream', 'text/plain']
const streams: ReadonlyMap<unknown, Encoding> = new Map<unknown, Encoding>([
  ['text/event-stream', eventEncoding],
  ['text/plain', lineEncoding],
])

/** Tasks as resources: start one, look at one, list them. */
export default class TasksController {
  /** 202 with the task, which is in the table by then. */
  async store(ctx: HttpContext) {
    const key = keyOf(ctx.request)
    const { files, types } = engine
    const request = await readTaskRequest(ctx, { files, types, limit: env.get('MAX_UPLOAD') })
    const started = await engine.start({ ...request, owner: ownerOf(ctx), key })
    return answerWithStart(ctx, started, key)
  }

  /** JSON, unless the client would rather have the stream, or the page of the task. */
  async show(ctx: HttpContext) {
    ctx.response.vary('Accept')
    const type = ctx.request.accepts(forms)
    const finding = engine.find(ctx.params.id, ownerOf(ctx))
    if (type === 'text/html') return answerWithTaskPage(ctx, finding)
    const encoding = streams.get(type)
    if (encoding) return answerWithStream(ctx, hub, { finding, encoding })
    const task = await finding
    if (!task) throw new TaskNotFound()
    retryAfter(ctx, task.cut)
    return answerWithCut(ctx, task.cut, new TaskTransformer(task).toObject())
  }

  /** 204 when it is forgotten, 409 while it lives. */
  async destroy(ctx: HttpContext) {
    await heedIfMatch(ctx, isTerminal)
    const task = await engine.forget(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const { status } = task.cut
    if (!isTerminal(status)) throw new TaskLive(status)
    return ctx.response.status(204).send(null)
  }

  /** Newest first. */
  async index(ctx: HttpContext): Promise<TaskPage> {
    const { cursor, limit = 20, ...filter } = await ctx.request.validateUsing(listTasksValidator)
    const before = cursor === undefined ? undefined : seqOf(cursor)
    const owner = ownerOf(ctx)
    const tasks = await engine.list({ ...filter, owner, before, limit: limit + 1 })

    const page = tasks.slice(0, limit)
    ctx.response.header('Cache-Control', 'private, no-cache')
    const last = tasks.length > limit ? page.at(-1) : undefined
    return {
      data: page.map((task) => task.cut.snapshot),
      meta: { limit, nextCursor: last ? cursorOf(last.seq) : null },
    }
  }
}
