import { indexEntities } from '@adonisjs/core'
import { defineConfig } from '@adonisjs/core/app'
import { keepPort, sayHowToStart, sayWhere } from './bin/ace_hooks.js'

export default defineConfig({
  experimental: {},

  directories: {
    commands: 'app/commands',
    providers: 'app/providers',
  },

  commands: [() => import('@adonisjs/core/commands'), () => import('@adonisjs/lucid/commands')],

  providers: [
    () => import('@adonisjs/core/providers/app_provider'),
    () => import('@adonisjs/core/providers/hash_provider'),
    {
      file: () => import('@adonisjs/core/providers/repl_provider'),
      environment: ['repl', 'test'],
    },
    () => import('@adonisjs/core/providers/vinejs_provider'),
    () => import('@adonisjs/cors/cors_provider'),
    () => import('@adonisjs/lucid/database_provider'),
    () => import('@adonisjs/transmit/transmit_provider'),
    () => import('@adonisjs/drive/drive_provider'),
    () => import('#providers/database_provider'),
    () => import('#providers/engine_provider'),
    () => import('#providers/realtime_provider'),
    () => import('#providers/datasets_provider'),
  ],

  preloads: [
    () => import('#start/routes'),
    () => import('#start/kernel'),
    () => import('#start/validator'),
    {
      file: () => import('#start/transmit'),
      environment: ['web', 'test'],
    },
  ],

  tests: {
    suites: [
      {
        name: 'unit',
        files: ['tests/unit/**/*.spec.{ts,js}'],
        timeout: 30_000,
      },
      {
        name: 'functional',
        files: ['tests/functional/**/*.spec.{ts,js}'],
        timeout: 60_000,
      },
      {
        name: 'crash',
        files: ['tests/crash/**/*.spec.{ts,js}'],
        timeout: 120_000,
      },
      {
        name: 'browser',
        files: ['tests/browser/**/*.spec.{ts,js}'],
        timeout: 120_000,
      },
    ],
    forceExit: false,
  },

  metaFiles: [
    { pattern: 'app/page/**/*.{js,css,svg,d.ts}', reloadServer: false },
    { pattern: 'bin/start.js', reloadServer: false },
  ],

  hooks: {
    init: [indexEntities({ transformers: { enabled: true } })],
    devServerStarting: [{ run: keepPort }],
    devServerStarted: [{ run: sayWhere }],
    buildFinished: [{ run: sayHowToStart }],
  },
})
