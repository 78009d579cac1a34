/*
| Loaded into a server under test: each commit takes 50 ms, so that an import lasts.
*/

import { subscribe } from 'node:diagnostics_channel'

const never = new Int32Array(new SharedArrayBuffer(4))

subscribe('headway:landmark', (landmark) => {
  if (landmark === 'mid-batch') Atomics.wait(never, 0, 0, 50)
})
