/*
| Loaded into each server by `--import`: answers with the longest stall of its event loop and with
| its memory. Costs a timer of 2 ms only once it was asked for the first.
*/

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { answering } from '#lib/calls'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

let stalls

answering({
  /** Longest stall in milliseconds since the last call. */
  stall() {
    const longest = stalls ? stalls.max / 1e6 : 0
    stalls ??= monitorEventLoopDelay({ resolution: 2 })
    stalls.enable()
    stalls.reset()
    return longest
  },

  /** Bytes after a garbage collection. */
  async memory() {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    for (let i = 0; i < 3; i++) {
      collect()
      await delay(100)
    }
    return process.memoryUsage()
  },
})
process.channel?.unref()
