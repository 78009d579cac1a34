import env from '#start/env'
import app from '@adonisjs/core/services/app'
import { defineConfig, services } from '@adonisjs/drive'

/** The driver of S3 loads packages that only its users have to install. */
const results = {
  fs: () =>
    services.fs({
      location: app.makePath(env.get('STORAGE_PATH'), 'results'),
      visibility: 'private',
    }),
  s3: () => services.s3({ ...s3Settings(), visibility: 'private', supportsACL: false }),
}

/** Where the files go that tasks leave behind. None of them is served but by `GET /tasks/:id/result`. */
const driveConfig = defineConfig({
  default: 'results',
  services: { results: results[env.get('DRIVE_DISK')]() },
})

export default driveConfig

function s3Settings() {
  const endpoint = env.get('S3_ENDPOINT')
  const accessKeyId = env.get('S3_ACCESS_KEY_ID')
  const secretAccessKey = env.get('S3_SECRET_ACCESS_KEY')
  return {
    bucket: env.get('S3_BUCKET') ?? '',
    region: env.get('S3_REGION') ?? 'us-east-1',
    // Without keys of its own the SDK looks for them where AWS puts them.
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    // Many servers other than Amazon's know no bucket as a host name, and no trailing checksums.
    ...(endpoint
      ? { endpoint, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' as const }
      : {}),
  }
}
