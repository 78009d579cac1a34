import { bytes, count, duration, loopbackHost } from '#start/env_rules'
import { Env } from '@adonisjs/core/env'

/** Every setting, checked once at start-up. `.env.example` explains each line. */
export default await Env.create(new URL('../', import.meta.url), {
  NODE_ENV: Env.schema.enum(['development', 'production', 'test'] as const),
  HOST: loopbackHost(),
  PORT: count({ min: 0, max: 65_535 }),
  APP_URL: Env.schema.string.optional({ format: 'url', tld: false }),
  APP_KEY: Env.schema.secret(),
  LOG_LEVEL: Env.schema.enum([
    'fatal',
    'error',
    'warn',
    'info',
    'debug',
    'trace',
    'silent',
  ] as const),

  API_AUTH: Env.schema.enum(['none'] as const),
  CORS_ORIGINS: Env.schema.string.optional(),

  DB_CONNECTION: Env.schema.enum(['sqlite'] as const),
  SQLITE_PATH: Env.schema.string(),
  STORAGE_PATH: Env.schema.string(),
  MAX_UPLOAD: bytes({ max: '1tb', fallback: '2gb' }),

  TASK_CONCURRENCY: count({ min: 1, max: 10_000, fallback: 10 }),
  TASK_MAX_QUEUED: count({ min: 1, max: 1_000_000, fallback: 10_000 }),
  SHUTDOWN_GRACE: duration({ max: '1h', fallback: '8s' }),
})
