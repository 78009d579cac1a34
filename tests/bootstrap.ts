import { assert } from '@japa/assert'
import { apiClient } from '@japa/api-client'
import app from '@adonisjs/core/services/app'
import { HttpServer } from '../bin/http_server.js'
import { Engine } from '#engine/engine'
import type { Config } from '@japa/runner/types'
import { pluginAdonisJS } from '@japa/plugin-adonisjs'
import { chromium, closeBrowser } from '#tests/helpers/browser'
import testUtils from '@adonisjs/core/services/test_utils'
import { watchAnswers } from '#tests/helpers/contract_watch'
import { assertNoMismatch } from '#tests/helpers/mismatches'

export const plugins: Config['plugins'] = [assert(), pluginAdonisJS(app), apiClient()]

/** The same engine that the server has, on a database of its own. */
export const runnerHooks: Required<Pick<Config, 'setup' | 'teardown'>> = {
  setup: [
    () => testUtils.db().migrate(),
    async () => {
      const engine = await app.container.make(Engine)
      await engine.recover()
      await engine.begin()
      return () => engine.stop(1000)
    },
  ],
  teardown: [],
}

/** The suites that this machine can run; says in one line why one has no tests here. */
export function runnable<T extends { name: string }>(suites: readonly T[]): T[] {
  if (chromium) return [...suites]
  const reason = 'no Chromium here (apt-get install chromium, or set CHROMIUM to its path)'
  process.stdout.write(`The browser suite is skipped: ${reason}.\n`)
  return suites.map((suite) => (suite.name === 'browser' ? { ...suite, files: [] } : suite))
}

export const configureSuite: Config['configureSuite'] = (suite) => {
  if (suite.name === 'functional' || suite.name === 'browser') {
    suite.setup(() => testUtils.httpServer().start((handle) => new HttpServer(handle)))
    watchAnswers((port) => port === Number(process.env.PORT))
    suite.onTest((test) => test.teardown(assertNoMismatch))
    suite.onGroup((group) => group.each.teardown(assertNoMismatch))
    suite.teardown(assertNoMismatch)
  }
  if (suite.name === 'browser') {
    suite.teardown(closeBrowser)
  }
}
