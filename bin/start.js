/*
|--------------------------------------------------------------------------
| `npm start`, in build/
|--------------------------------------------------------------------------
|
| Plain JavaScript that an old Node.js can run, to say that it is too old.
|
*/

import { existsSync } from 'node:fs'

if (!existsSync(new URL('server.js', import.meta.url))) {
  fail('"npm start" is for build/: "npm run build", then there "npm ci --omit=dev && npm start".')
}
if (parseInt(process.versions.node) < 24) {
  fail(`Headway needs Node.js 24 or newer; this is ${process.versions.node}: install a newer one.`)
}
if (!isInstalled()) {
  fail('The packages are not installed: run "npm ci --omit=dev" here first.')
}

process.env.NODE_ENV ??= 'production'
await import('./server.js')

function isInstalled() {
  try {
    return import.meta.resolve('@adonisjs/core') !== ''
  } catch {
    return false
  }
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
