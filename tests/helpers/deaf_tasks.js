/*
| Loaded into a server under test (NODE_OPTIONS=--import): a task that waits does not hear its signal,
| so the server takes a while to stop.
*/

import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

const wait = timers.setTimeout
// The steps of the task under test take 3 s; whatever else waits hears its signal.
timers.setTimeout = (milliseconds, value, options) =>
  milliseconds === 3000 ? wait(milliseconds, value) : wait(milliseconds, value, options)
syncBuiltinESMExports()
