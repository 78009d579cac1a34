import { ForeignHost, ForeignOrigin, MissingHost } from '#exceptions/http_errors'
import { isOwnHost, isTrustedOrigin } from '#start/origins'
import { isOver } from '#controllers/answers'
import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'

/**
 * Without access control the address is the only border: no website that a developer visits may
 * drive or read the server on his machine, neither from its own origin nor through a name of its
 * own that resolves here (DNS rebinding).
 */
export default class OriginGuardMiddleware {
  handle(ctx: HttpContext, next: NextFn) {
    if (isOver(ctx)) return
    const { request, response } = ctx
    // Whose page may read an answer is said in it: no cache may give it to another's (Fetch, CORS protocol and HTTP caches).
    response.vary('Origin')
    const host = request.header('host')
    if (host === undefined) throw new MissingHost()
    if (!isOwnHost(host)) throw new ForeignHost(host)

    const origin = request.header('origin')
    if (origin !== undefined && !isTrustedOrigin(origin)) throw new ForeignOrigin(origin)
    return next()
  }
}
