import { isTrustedOrigin } from '#start/origins'
import { defineConfig } from '@adonisjs/cors'

export default defineConfig({
  enabled: true,
  origin: (requestOrigin) => isTrustedOrigin(requestOrigin),
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  headers: true,
  exposeHeaders: [
    'Location',
    'Retry-After',
    'ETag',
    'Idempotent-Replayed',
    'Preference-Applied',
    'Link',
  ],
  credentials: true,
  maxAge: 90,
})
