/*
| A BullMQ worker as its documentation shows it. Jobs: `calls` measures `updateProgress`, `clock`
| reports every 100 ms the time of the report.
*/

import { Worker } from 'bullmq'
import { setTimeout as delay } from 'node:timers/promises'

const processors = {
  async calls(job) {
    const { calls } = job.data
    const before = process.cpuUsage()
    const since = performance.now()
    for (let call = 0; call < calls; call++) {
      await job.updateProgress({ progress: (call / calls) * 100, message: 'working' })
    }
    const { user, system } = process.cpuUsage(before)
    return { time: ((performance.now() - since) * 1000) / calls, cpu: (user + system) / calls }
  },

  async clock(job) {
    const { begin, reports } = job.data
    await delay(begin - Date.now())
    const since = performance.now()
    for (let report = 1; report <= reports; report++) {
      const message = `@${process.hrtime.bigint()}@`
      await job.updateProgress({ progress: (report / reports) * 100, message })
      await delay(Math.max(0, since + report * 100 - performance.now()))
    }
  },
}

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) }
const worker = new Worker('bench', (job) => processors[job.name](job), {
  connection,
  concurrency: 1000,
})
await worker.waitUntilReady()
process.send('ready')
