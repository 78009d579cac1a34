/*
|--------------------------------------------------------------------------
| HTTP server entrypoint
|--------------------------------------------------------------------------
*/

await import('reflect-metadata')
const { Ignitor } = await import('@adonisjs/core')
const { explain } = await import('./explain.js')
const { HttpServer } = await import('./http_server.js')

/** URL to the application root, from which AdonisJS resolves paths. */
const APP_ROOT = new URL('../', import.meta.url)

const IMPORTER = (filePath: string) => {
  if (filePath.startsWith('./') || filePath.startsWith('../')) {
    return import(new URL(filePath, APP_ROOT).href)
  }
  return import(filePath)
}

/** Milliseconds in which signals count as one: npm sends on what the terminal sent already. */
const ONE_SIGNAL = 500

const fail = async (error: unknown) => {
  await explain(error)
  process.exit(1)
}

new Ignitor(APP_ROOT, { importer: IMPORTER })
  .tap((app) => {
    app.booting(async () => {
      await import('#start/env')
    })
    let since: number | undefined
    const stop = () => {
      // The second signal ends at once; recovery takes care of what was running.
      if (since !== undefined && Date.now() - since > ONE_SIGNAL) process.exit(130)
      since ??= Date.now()
      app.terminate().then(() => app.isTerminated && process.exit(), fail)
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)

    // A promise that one task forgot must not end all the others. What is thrown outside of any
    // promise still ends the process, as nobody knows what it left half done.
    process.on('unhandledRejection', async (error) => {
      const logger = await app.container.make('logger')
      logger.error({ err: error }, 'a promise was rejected that nobody waits for')
    })
    process.on('uncaughtExceptionMonitor', (error) => {
      process.stderr.write(`${JSON.stringify({ level: 60, msg: `fatal: ${error.message}` })}\n`)
    })
  })
  .httpServer()
  .start((handle) => new HttpServer(handle))
  .catch(fail)
