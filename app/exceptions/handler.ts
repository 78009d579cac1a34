import { toldOf } from '#engine/trouble'
import { problemOf } from '#exceptions/problem'
import { allowedMethods } from '#exceptions/allowed_methods'
import { MethodNotAllowed } from '#exceptions/http_errors'
import { errors, type HttpContext, ExceptionHandler } from '@adonisjs/core/http'

/** Answers every error as a problem (RFC 9457), and logs those that are ours. */
export default class HttpExceptionHandler extends ExceptionHandler {
  override async handle(thrown: unknown, { request, response }: HttpContext) {
    if (response.headersSent) {
      response.response.destroy()
      return
    }
    let error = toldOf(thrown)
    if (thrown instanceof errors.E_ROUTE_NOT_FOUND) {
      const allowed = allowedMethods(request.url())
      if (allowed.length > 0) {
        response.header('Allow', allowed.join(', '))
        if (request.method() === 'OPTIONS') return response.status(204).send(null)
        error = new MethodNotAllowed(request.method(), allowed)
      }
    }
    // Only a body of thousands of levels overflows the stack before its type is known.
    if (error instanceof RangeError && request.hasBody() && request.bodyType === undefined) {
      Object.assign(error, { status: 400 })
    }
    const problem = problemOf(error)
    const retryAfter = (error as { retryAfter?: unknown } | null)?.retryAfter
    if (typeof retryAfter === 'number') response.header('Retry-After', retryAfter)
    // The rest of a body that was refused is not read.
    if ([408, 413, 507].includes(problem.status)) response.header('Connection', 'close')
    response
      .status(problem.status)
      .header('Content-Type', 'application/problem+json')
      .send(JSON.stringify(problem))
  }

  override async report(error: unknown, ctx: HttpContext) {
    if (problemOf(error).status >= 500) ctx.logger.error({ err: error }, 'a request failed')
  }
}
