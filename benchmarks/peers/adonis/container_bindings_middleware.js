import { Logger } from '@adonisjs/core/logger'
import { HttpContext } from '@adonisjs/core/http'

/** As in the starter kits. */
export default class ContainerBindingsMiddleware {
  handle(ctx, next) {
    ctx.containerResolver.bindValue(HttpContext, ctx)
    ctx.containerResolver.bindValue(Logger, ctx.logger)
    return next()
  }
}
