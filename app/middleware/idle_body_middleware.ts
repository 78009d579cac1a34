import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'

/** Milliseconds that a body may stand still while it arrives; a slow one may take its time. */
const IDLE = 30_000

/** Cuts clients that began a body and stopped sending. An upload tells them so itself, with 408. */
export default class IdleBodyMiddleware {
  handle({ request }: HttpContext, next: NextFn) {
    if (!request.hasBody() || request.is(['multipart/form-data'])) return next()

    const incoming = request.request
    const { socket } = incoming
    const cut = () => socket.destroy()
    socket.setTimeout(IDLE)
    incoming.once('timeout', cut)
    incoming.once('end', () => {
      socket.setTimeout(0)
      incoming.off('timeout', cut)
    })
    return next()
  }
}
