import { appKey } from '#start/app_key'
import { bytes, count, duration, loopbackHost, oneOf, origins, statePath } from '#start/env_rules'
import { driveDisk } from '#start/drive_disk'
import { Env } from '@adonisjs/core/env'
import { BadEnvFile } from '#start/bad_env_file'

/** Every setting, checked once at start-up. `.env.example` explains each line. */
const env = await Env.create(new URL('../', import.meta.url), {
  NODE_ENV: Env.schema.enum(['development', 'production', 'test'] as const),
  HOST: loopbackHost({ fallback: '127.0.0.1' }),
  // 0 is any port that is free, and nobody but a test would find it.
  PORT: count({ min: process.env.NODE_ENV === 'test' ? 0 : 1, max: 65_535, fallback: 3333 }),
  APP_URL: Env.schema.string.optional({ format: 'url', tld: false }),
  APP_KEY: appKey(),
  LOG_LEVEL: oneOf(['info', 'fatal', 'error', 'warn', 'debug', 'trace', 'silent']),

  API_AUTH: oneOf(['none']),
  CORS_ORIGINS: origins(),

  DB_CONNECTION: oneOf(['sqlite']),
  SQLITE_PATH: statePath({ fallback: 'tmp/db.sqlite3' }),
  STORAGE_PATH: statePath({ fallback: 'tmp/storage' }),
  MAX_UPLOAD: bytes({ max: '1tb', fallback: '2gb' }),

  DRIVE_DISK: driveDisk(),
  S3_BUCKET: Env.schema.string.optional(),
  S3_REGION: Env.schema.string.optional(),
  S3_ENDPOINT: Env.schema.string.optional({ format: 'url', tld: false }),
  S3_ACCESS_KEY_ID: Env.schema.string.optional(),
  S3_SECRET_ACCESS_KEY: Env.schema.string.optional(),

  TASK_CONCURRENCY: count({ min: 1, max: 10_000, fallback: 10 }),
  TASK_MAX_QUEUED: count({ min: 1, max: 1_000_000, fallback: 10_000 }),
  MAX_STREAMS: count({ min: 1, max: 50_000, fallback: 10_000 }),
  MAX_STREAMS_PER_CLIENT: count({ min: 1, max: 50_000, fallback: 100 }),
  TASK_RETENTION: duration({ max: '3650d', fallback: '30d' }),
  SHUTDOWN_GRACE: duration({ max: '1h', fallback: '8s' }),
}).catch(BadEnvFile.rethrow)

// AdonisJS listens where the process' environment says, and on every address without one.
env.set('HOST', env.get('HOST'))
env.set('PORT', env.get('PORT'))

export default env
