import { defineConfig } from '@adonisjs/core/http'

export const appKey = 'a key that guards nothing but a measurement'
export const http = defineConfig({ generateRequestId: true, useAsyncLocalStorage: false })
