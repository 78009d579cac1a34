import { toldOf } from '#engine/trouble'
import { problemOf } from '#exceptions/problem'
import { problemHeaders } from '#exceptions/problem_answer'
import { closeBehindAnswer, isFarFromEnd } from '#exceptions/lingering_close'
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
    // Where asking again is of use. Not with 413, for which RFC 9110 §15.5.14 has it only "if the
    // condition is temporary": a client that heeds it (got does) would upload its 2 GiB again.
    const retryAfter = (error as { retryAfter?: unknown } | null)?.retryAfter
    if (typeof retryAfter === 'number') response.header('Retry-After', retryAfter)
    // The rest of a body that was refused, or that doesn't come, is not waited for.
    if (problem.status === 408 || isFarFromEnd(request.request)) {
      response.header('Connection', 'close')
      closeBehindAnswer(request.request)
    }
    for (const [name, value] of Object.entries(problemHeaders)) response.header(name, value)
    response.status(problem.status).send(JSON.stringify(problem))
  }

  override async report(error: unknown, ctx: HttpContext) {
    if (problemOf(error).status >= 500) ctx.logger.error({ err: error }, 'a request failed')
  }
}
