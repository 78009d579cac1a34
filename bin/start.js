/*
|--------------------------------------------------------------------------
| `npm start`, in build/
|--------------------------------------------------------------------------
|
| Plain JavaScript that an old Node.js can run, to say that it is too old.
|
*/

if (parseInt(process.versions.node) < 24) {
  process.stderr.write(`Headway needs Node.js 24 or newer; this is ${process.versions.node}.\n`)
  process.exit(1)
}

process.env.NODE_ENV ??= 'production'
await import('./server.js')
