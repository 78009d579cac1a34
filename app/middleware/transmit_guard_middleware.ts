import { inject } from '@adonisjs/core'
import { Hub } from '#realtime/hub'
import { ownerOf } from '#start/owner'
import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'
import { streamValidator, subscriptionValidator } from '#validators/stream'
import { StreamNotFound, StreamTaken } from '#exceptions/http_errors'

/**
 * Stands before Transmit's three routes, which check neither what they are given nor whose it is: a
 * uid belongs to whoever opened its stream.
 */
@inject()
export default class TransmitGuardMiddleware {
  constructor(protected hub: Hub) {}

  async handle(ctx: HttpContext, next: NextFn) {
    const opens = ctx.request.method() === 'GET' || ctx.request.method() === 'HEAD'
    const { uid } = await ctx.request.validateUsing(opens ? streamValidator : subscriptionValidator)
    const stream = this.hub.find(uid)
    const isOwn = stream?.owner === ownerOf(ctx)

    if (!opens && !isOwn) throw new StreamNotFound()
    if (opens && stream) {
      if (!isOwn) throw new StreamTaken()
      // Transmit forgets the uid when the old connection closes: that has to be over first.
      await stream.destroy()
    }
    return next()
  }
}
