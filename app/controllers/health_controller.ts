import { inject } from '@adonisjs/core'
import { Engine } from '#engine/engine'
import { DbCheck } from '@adonisjs/lucid/database'
import db from '@adonisjs/lucid/services/db'
import { HealthChecks } from '@adonisjs/core/health'
import type { HttpContext } from '@adonisjs/core/http'

/** Whether the server lives and is ready for work. */
@inject()
export default class HealthController {
  readonly #checks = new HealthChecks().register([new DbCheck(db.connection())])

  constructor(protected engine: Engine) {}

  /** 200 when ready, 503 while the database is out of reach or the server is stopping. */
  async show({ response }: HttpContext) {
    const report = await this.#checks.run()
    const isReady = report.isHealthy && !this.engine.isStopping
    if (!isReady) response.header('Retry-After', 5)
    return response.status(isReady ? 200 : 503).send({
      status: this.engine.isStopping ? 'stopping' : report.status,
      uptime: Math.round(report.debugInfo.uptime),
      checks: report.checks.map(({ name, status, message }) => ({ name, status, message })),
    })
  }
}
