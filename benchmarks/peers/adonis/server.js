/*
| A minimal AdonisJS application, in the packages of Headway itself: what one would write with
| nothing but the documentation of AdonisJS, Lucid and Transmit.
*/

await import('reflect-metadata')
const { Ignitor, prettyPrintError } = await import('@adonisjs/core')
const APP_ROOT = new URL('./', import.meta.url)

new Ignitor(APP_ROOT, {
  importer: (path) => import(path.startsWith('.') ? new URL(path, APP_ROOT).href : path),
})
  .httpServer()
  .start()
  .catch((error) => {
    process.exitCode = 1
    prettyPrintError(error)
  })
