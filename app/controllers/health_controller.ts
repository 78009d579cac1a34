import { engine } from '#start/services'
import { DbCheck } from '@adonisjs/lucid/database'
import db from '@adonisjs/lucid/services/db'
import { HealthChecks } from '@adonisjs/core/health'
import type { HealthReport } from '#openapi/shapes'
import type { HttpContext } from '@adonisjs/core/http'

/** Whether the server lives and is ready for work. */
export default class HealthController {
  readonly #checks = new HealthChecks().register([new DbCheck(db.connection())])

  /** 200 when ready, 503 while the database is out of reach or the server is stopping. */
  async show({ response }: HttpContext) {
    const report = await this.#checks.run()
    const isReady = report.isHealthy && !engine.isStopping
    response.header('Cache-Control', 'private, no-cache')
    if (!isReady) response.header('Retry-After', 5)
    const body: HealthReport = {
      status: engine.isStopping ? 'stopping' : report.status,
      uptime: Math.round(report.debugInfo.uptime),
      checks: report.checks.map(({ name, status, message }) => ({ name, status, message })),
    }
    return response.status(isReady ? 200 : 503).send(body)
  }
}
