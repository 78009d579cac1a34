import { isLoopback } from '#start/loopback'
import type { HttpContext } from '@adonisjs/core/http'

/** Whom everything belongs to until access control is switched on. */
const ONLY_OWNER = 'local'

let resolve: (ctx: HttpContext) => string = () => ONLY_OWNER

/** Who asks: the owner of what he starts, and the scope of all that he may see. */
export function ownerOf(ctx: HttpContext): string {
  return resolve(ctx)
}

/** Has owners told apart in another way. Gives the way back. */
export function resolveOwnerBy(resolver: (ctx: HttpContext) => string): () => void {
  const before = resolve
  resolve = resolver
  return () => (resolve = before)
}

/**
 * Whose streams are limited together: those of an owner; while there is only one, of an address.
 * `null` for this machine, which has no limit.
 */
export function clientOf(ctx: HttpContext): string | null {
  const address = ctx.request.ip().replace(/^::ffff:/, '')
  if (isLoopback(address)) return null
  const owner = ownerOf(ctx)
  return owner === ONLY_OWNER ? address : owner
}
