/*
|--------------------------------------------------------------------------
| What `ace serve` and `ace build` do differently here
|--------------------------------------------------------------------------
*/

import type { HookParams } from '@adonisjs/assembler/types'

/** The port that was set, or an error: ace would take another one when it is taken. */
export function keepPort(...[server]: HookParams<'devServerStarting'>) {
  server.options.env = { ...server.options.env, PORT: process.env.PORT }
}

/** Says where the server is and what to try, in place of ace's box. */
export function sayWhere(...[server, { host, port }, box]: HookParams<'devServerStarted'>) {
  const { logger } = server.ui
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  box.render = () => {
    logger.log(`\nHeadway is at ${url}. Start a task:\n`)
    logger.log(`  curl ${url}/tasks -H 'Content-Type: application/json' -d '{"type":"simulate"}'\n`)
  }
}

/** Says how to start what was built, in place of ace's box: `npm start` migrates first. */
export function sayHowToStart(...[{ ui }, box]: HookParams<'buildFinished'>) {
  box.render = () => {
    ui.logger.log('To start it, with the settings that the README tells ("In production"):\n')
    ui.logger.log('  cd build\n  npm ci --omit=dev\n  npm start\n')
  }
}
