import { hub } from '#start/services'
import { clientOf, ownerOf } from '#start/owner'
import type { NextFn } from '@adonisjs/core/types/http'
import type { HttpContext } from '@adonisjs/core/http'
import { answerWithRetry, isOver } from '#controllers/answers'
import { transmitEncoding as encoding } from '#realtime/transmit_encoding'
import { TASK_LIST, taskOf } from '#realtime/channels'
import { streamValidator, subscriptionValidator } from '#validators/stream'
import {
  ChannelDenied,
  StreamNotFound,
  StreamTaken,
  TooManyChannels,
} from '#exceptions/http_errors'

/**
 * Stands before Transmit's three routes, which check neither what they are given nor whose it is: a
 * uid belongs to whoever opened its stream, and for a while after. While there is one owner, the uid
 * itself is the secret.
 */
export default class TransmitGuardMiddleware {
  async handle(ctx: HttpContext, next: NextFn) {
    return ctx.request.method() === 'POST' ? this.#subscription(ctx, next) : this.#stream(ctx, next)
  }

  async #stream(ctx: HttpContext, next: NextFn) {
    const { uid } = await ctx.request.validateUsing(streamValidator)
    const owner = ownerOf(ctx)
    if ((hub.streams.ownerOf(uid) ?? owner) !== owner) throw new StreamTaken()
    if (ctx.request.method() === 'HEAD') return answerWithRetry(ctx, encoding, 0)

    // Transmit forgets the uid when the old connection closes: that has to be over first.
    for (let old = hub.streams.find(uid); old; old = hub.streams.find(uid)) {
      if (old.owner !== owner) throw new StreamTaken()
      await old.destroy()
    }
    const raw = ctx.response.response
    if (isOver(ctx)) return
    const opening = { uid, owner, client: clientOf(ctx), encoding }
    // A pipelined request: other answers go out first, and a stream needs the connection for itself.
    const wait = raw.socket ? hub.streams.wait(opening) : 0
    if (wait !== null) {
      hub.streams.sendAway(uid, owner)
      return answerWithRetry(ctx, encoding, wait)
    }

    hub.streams.open(raw, opening)
    return next()
  }

  async #subscription(ctx: HttpContext, next: NextFn) {
    const { uid, channel } = await ctx.request.validateUsing(subscriptionValidator)
    if (hub.streams.ownerOf(uid) !== ownerOf(ctx)) throw new StreamNotFound()
    const stream = hub.streams.find(uid)
    if (ctx.route?.pattern.endsWith('/unsubscribe')) {
      if (stream) return next()
      hub.streams.away.remove(uid, channel)
      return ctx.response.status(204)
    }

    // The router would take more spellings for a channel than the hub knows.
    if (channel !== TASK_LIST && !taskOf(channel)) throw new ChannelDenied()
    if (!stream) {
      // Its client may not know yet that the stream was lost, and would not ask again.
      if (!hub.streams.away.add(uid, channel)) throw new TooManyChannels()
      return ctx.response.status(204)
    }
    if (!hub.hasRoom(stream, channel)) throw new TooManyChannels()
    stream.joining++
    try {
      await next()
    } finally {
      stream.joining--
    }
    if (ctx.response.getStatus() === 400) throw new ChannelDenied()
  }
}
