import env from '#start/env'
import app from '@adonisjs/core/services/app'
import { defineConfig, destinations, targets } from '@adonisjs/core/logger'

/** One JSON object a line in production, readable lines elsewhere. */
const loggerConfig = defineConfig({
  default: 'app',
  loggers: {
    app: {
      enabled: true,
      name: 'headway',
      level: env.get('LOG_LEVEL'),
      destination: app.inProduction ? undefined : await destinations.pretty({ sync: true }),
      transport: {
        targets: [targets.file({ destination: 1 })],
      },
    },
  },
})

export default loggerConfig

declare module '@adonisjs/core/types' {
  export interface LoggersList extends InferLoggers<typeof loggerConfig> {}
}
