/*
| Loaded into a server under test: it kills itself at the landmark KILL_AT, the KILL_COUNT-th time
| that it comes by.
*/

import { subscribe } from 'node:diagnostics_channel'

let left = Number(process.env.KILL_COUNT ?? 1)

subscribe('headway:landmark', (landmark) => {
  if (landmark === process.env.KILL_AT && --left === 0) process.kill(process.pid, 'SIGKILL')
})
