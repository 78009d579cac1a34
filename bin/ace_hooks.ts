/*
|--------------------------------------------------------------------------
| What `ace serve` does differently here
|--------------------------------------------------------------------------
*/

import type { HookParams } from '@adonisjs/assembler/types'

/** The port that was set, or an error: ace would take another one when it is taken. */
export function keepPort(...[server]: HookParams<'devServerStarting'>) {
  server.options.env = { ...server.options.env, PORT: process.env.PORT }
}

/** Says where the server is and what to try, as the last lines: ace has one more to say. */
export function sayWhere(...[server, { host, port }, box]: HookParams<'devServerStarted'>) {
  const { logger } = server.ui
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  box.render = () => {}

  const say = () => {
    logger.log(`\nHeadway is at ${url}. Start a task:\n`)
    logger.log(`  curl ${url}/tasks -H 'Content-Type: application/json' -d '{"type":"simulate"}'\n`)
  }
  const info = logger.info
  logger.info = (...line) => {
    logger.info = info
    logger.info(...line)
    say()
  }
}
