import type { HttpContext } from '@adonisjs/core/http'

/**
 * Who asks: the owner of what he starts, and the scope of all that he may see. Until access control
 * is switched on there is one.
 */
export function ownerOf(_ctx: HttpContext): string {
  return 'local'
}
