/*
|--------------------------------------------------------------------------
| JavaScript entrypoint for running ace commands
|--------------------------------------------------------------------------
|
| The build writes one of its own into build/.
|
| See docs.adonisjs.com/guides/typescript-build-process#creating-production-build
|
| Since, we cannot run TypeScript source code using "node" binary, we need
| a JavaScript entrypoint to run ace commands.
|
| This file registers the "ts-node/esm" hook with the Node.js module system
| and then imports the "bin/console.ts" file.
|
*/

import './bin/ready.js'

/**
 * Register hook to process TypeScript files using @poppinss/ts-exec
 */
await import('@poppinss/ts-exec')

/**
 * Import ace console entrypoint
 */
await import('./bin/console.js')
