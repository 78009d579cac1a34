/*
|--------------------------------------------------------------------------
| HTTP server entrypoint
|--------------------------------------------------------------------------
*/

await import('reflect-metadata')
const { Ignitor } = await import('@adonisjs/core')
const { explain } = await import('./explain.js')
const { createServer } = await import('node:http')

/** URL to the application root, from which AdonisJS resolves paths. */
const APP_ROOT = new URL('../', import.meta.url)

const IMPORTER = (filePath: string) => {
  if (filePath.startsWith('./') || filePath.startsWith('../')) {
    return import(new URL(filePath, APP_ROOT).href)
  }
  return import(filePath)
}

new Ignitor(APP_ROOT, { importer: IMPORTER })
  .tap((app) => {
    app.booting(async () => {
      await import('#start/env')
    })
    const stop = () => {
      // The second signal ends at once; recovery takes care of what was running.
      process.once('SIGTERM', () => process.exit(130)).once('SIGINT', () => process.exit(130))
      return app.terminate()
    }
    process.once('SIGTERM', stop).once('SIGINT', stop)
  })
  .httpServer()
  // A slow upload may take longer than Node's 300 s; an idle one is cut by the upload itself.
  .start((handle) => createServer({ requestTimeout: 0 }, handle))
  .catch(async (error) => {
    await explain(error)
    process.exit(1)
  })
