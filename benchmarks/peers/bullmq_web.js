/*
| The web process of a BullMQ application: adds jobs, and passes progress events of QueueEvents on
| to the watchers of each job by SSE.
*/

import http from 'node:http'
import { answering } from '#lib/calls'
import { Queue, QueueEvents } from 'bullmq'

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) }
const queue = new Queue('bench', { connection })
const events = new QueueEvents('bench', { connection })
await events.waitUntilReady()

const watchers = new Map()
const payload = JSON.parse(process.env.PAYLOAD)
events.on('progress', ({ jobId, data }) => {
  const responses = watchers.get(jobId)
  if (!responses) return
  const frame = `data: ${JSON.stringify({ ...payload, id: jobId, ...data })}\n\n`
  for (const response of responses) response.write(frame)
})

const server = http.createServer((request, response) => {
  const jobId = request.url.slice('/events/'.length)
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  response.write(':ok\n\n')
  if (!watchers.has(jobId)) watchers.set(jobId, new Set())
  watchers.get(jobId).add(response)
  response.on('close', () => watchers.get(jobId).delete(response))
})

answering({
  add: (jobs) =>
    queue.addBulk(jobs.map(({ id, name, data }) => ({ name, data, opts: { jobId: id } }))),
  async result(name, data) {
    const job = await queue.add(name, data)
    return job.waitUntilFinished(events)
  },
})
server.listen(process.env.PORT, '127.0.0.1', () => process.send('ready'))
