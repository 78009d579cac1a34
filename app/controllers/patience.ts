import type { Patience } from '#realtime/waiters'
import { preferredWait } from '#validators/prefer'
import type { HttpContext } from '@adonisjs/core/http'

/**
 * How long the client of a request is ready to wait, and whether it still does; `null` when it
 * isn't (`Prefer: wait=N`, RFC 7240). Says in the answer that this was heard.
 */
export function patienceOf({ request, response }: HttpContext): Patience | null {
  const seconds = preferredWait(request.header('prefer'))
  if (seconds === null) return null
  response.header('Preference-Applied', `wait=${seconds}`)

  const raw = response.response
  const hangUp = new AbortController()
  if (raw.destroyed) hangUp.abort()
  else raw.once('close', () => hangUp.abort())
  return { milliseconds: seconds * 1000, signal: hangUp.signal }
}
