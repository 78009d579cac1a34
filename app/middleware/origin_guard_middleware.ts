import { ForeignHost, ForeignOrigin } from '#exceptions/http_errors'
import { isOwnHost, isTrustedOrigin } from '#start/origins'
import type { HttpContext } from '@adonisjs/core/http'
import type { NextFn } from '@adonisjs/core/types/http'

/**
 * Without access control the address is the only border: no website that a developer visits may
 * drive or read the server on his machine, neither from its own origin nor through a name of its
 * own that resolves here (DNS rebinding).
 */
export default class OriginGuardMiddleware {
  handle({ request }: HttpContext, next: NextFn) {
    const host = request.header('host')
    if (!isOwnHost(host)) throw new ForeignHost(host ?? '')

    const origin = request.header('origin')
    if (origin !== undefined && !isTrustedOrigin(origin)) throw new ForeignOrigin(origin)
    return next()
  }
}
