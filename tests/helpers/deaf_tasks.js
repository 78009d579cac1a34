/*
| Loaded into a server under test (NODE_OPTIONS=--import): a task that waits does not hear its signal,
| so the server takes a while to stop.
*/

import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

const wait = timers.setTimeout
timers.setTimeout = (milliseconds, value) => wait(milliseconds, value)
syncBuiltinESMExports()
