import app from '@adonisjs/core/services/app'
import BodyParser from '@adonisjs/core/bodyparser_middleware'
import { checkJson } from '#validators/json_text'
import type { HttpContext } from '@adonisjs/core/http'
import { EmptyBody, UnsupportedCharset } from '#exceptions/http_errors'
import type { NextFn } from '@adonisjs/core/types/http'

/** Looked up once: to have the container inject it into each request takes longer than to parse one. */
const parser = await app.container.make(BodyParser)

/**
 * Reads the body of a request with AdonisJS' parser, and refuses JSON that could be read in more than
 * one way.
 */
export default class BodyMiddleware {
  handle(ctx: HttpContext, next: NextFn) {
    const { request } = ctx
    const isJson = request.is(['application/json', 'application/*+json']) !== null
    if (isJson) {
      refuseCharset(request.header('content-type'))
      if (request.header('content-length') === '0') throw new EmptyBody()
    }
    return parser.handle(ctx, () => {
      const bytes: unknown = request.raw()
      if (Buffer.isBuffer(bytes)) checkJson(bytes)
      return next()
    })
  }
}

/** Throws `UnsupportedCharset`; the parser would read the body as UTF-8 all the same. */
function refuseCharset(type = ''): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset)) throw new UnsupportedCharset(charset)
}
