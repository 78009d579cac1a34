/*
|--------------------------------------------------------------------------
| What development needs
|--------------------------------------------------------------------------
|
| Imported, or run, before anything that needs Node.js 24 or the development
| dependencies: says what is missing in one line and ends the process. Plain
| JavaScript that Node 18 can run.
|
*/

import { existsSync } from 'node:fs'

const isInstalled = (path) => existsSync(new URL(`../node_modules/${path}`, import.meta.url))

function missing() {
  // Of the development dependencies; NODE_ENV=production leaves them out.
  if (!isInstalled('@poppinss/ts-exec')) {
    return 'The packages are not installed. Run "npm ci --include=dev", or "npm run dev", which does it too.'
  }
  if (parseInt(process.versions.node) >= 24) return undefined
  const what = `Headway needs Node.js 24 or newer; this is ${process.versions.node}.`
  return isInstalled('.bin/node')
    ? `${what} The packages bring one: put "npm exec -- " before the command, or use "npm run".`
    : `${what} Run "npm ci --include=dev", which brings one.`
}

const line = missing()
if (line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
