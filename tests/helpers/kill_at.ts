/*
| Loaded into a server under test: it sends itself KILL_SIGNAL (SIGKILL unless told) at the landmark
| KILL_AT, the KILL_COUNT-th time that it comes by, counted once it has been at KILL_AFTER.
*/

import { subscribe } from 'node:diagnostics_channel'

const { KILL_AT, KILL_AFTER, KILL_COUNT = '1', KILL_SIGNAL = 'SIGKILL' } = process.env
let left = Number(KILL_COUNT)
let isArmed = !KILL_AFTER

subscribe('headway:landmark', (landmark) => {
  if (landmark === KILL_AFTER) isArmed = true
  if (isArmed && landmark === KILL_AT && --left === 0) process.kill(process.pid, KILL_SIGNAL)
})
