import { engine, hub } from '#start/services'
import { ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import { lineEncoding } from '#realtime/line_encoding'
import { eventEncoding } from '#realtime/event_encoding'
import { answerWithStream } from '#controllers/task_stream'

/** A task as it goes on, in one request. */
export default class TaskEventsController {
  async show(ctx: HttpContext) {
    ctx.response.vary('Accept')
    const finding = engine.find(ctx.params.id, ownerOf(ctx))
    const type = ctx.request.accepts(['text/event-stream', 'text/plain'])
    const encoding = type === 'text/plain' ? lineEncoding : eventEncoding
    return answerWithStream(ctx, hub, { finding, encoding })
  }
}
