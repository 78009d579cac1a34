/*
| Loaded into a server under test (NODE_OPTIONS=--import): answers its parent process with the
| longest stall of the event loop, in milliseconds, since it was last asked.
*/

import { monitorEventLoopDelay } from 'node:perf_hooks'

const delay = monitorEventLoopDelay({ resolution: 2 })
delay.enable()

process.on('message', (message) => {
  if (message !== 'stall?') return
  process.send({ answer: { stall: delay.max / 1e6 } })
  delay.reset()
})
process.channel?.unref()
