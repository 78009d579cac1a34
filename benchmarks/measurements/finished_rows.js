import { start } from '#lib/tasks'
import { rotated } from '#lib/frames'
import { addFinished } from '#lib/finished'
import { atMost, versus } from '#lib/figures'

const FEW = 1000
const MANY = 1_000_000
const SECONDS = 2
const CONNECTIONS = 10

/**
 * What a request takes with a million finished tasks in the table, beside a thousand. The tasks that
 * are started only queue, as the one slot is taken.
 */
export default async function finishedRows({ servers, rounds, say }) {
  const load = await servers.load()
  const contestants = {
    ours: await filled(servers, MANY),
    few: await filled(servers, FEW),
  }
  say(`1,000,000 finished tasks take ${contestants.ours.seconds.toFixed(0)} s to insert`)
  const rows = []
  for (const [what, requestOf] of Object.entries(requests)) {
    const figures = { time: { ours: [], few: [] }, CPU: { ours: [], few: [] } }
    // One round more, whose figures do not count.
    for (let round = -1; round < rounds; round++) {
      for (const [name, { server, id }] of rotated(Object.entries(contestants), round + 1)) {
        const options = { port: server.port, connections: CONNECTIONS, seconds: SECONDS }
        const before = server.cpu
        const done = await load.call('hammer', { ...options, ...requestOf(id) })
        figures.time[name][round] = (done.seconds * 1e6) / done.requests
        figures.CPU[name][round] = ((server.cpu - before) * 1e6) / done.requests
      }
    }
    for (const [figure, { ours, few }] of Object.entries(figures)) {
      const beside = { ours, peer: 'with 1,000', theirs: few, goal: atMost(1.5) }
      rows.push(versus(`${what}, 1,000,000 finished tasks: ${figure}`, 'µs', beside))
    }
  }
  return rows
}

const requests = {
  'POST /tasks': () => ({
    method: 'POST',
    path: '/tasks',
    body: JSON.stringify({ type: 'simulate', input: { steps: 10, stepMs: 10 } }),
  }),
  'GET progress of a finished one': (id) => ({ path: `/tasks/${id}/progress` }),
  'GET /tasks?limit=20': () => ({ path: '/tasks?limit=20' }),
  'GET /tasks?status=failed': () => ({ path: '/tasks?status=failed' }),
}

async function filled(servers, count) {
  const server = await servers.headway({ TASK_CONCURRENCY: '1', TASK_MAX_QUEUED: '1000000' })
  const since = performance.now()
  const id = addFinished(server, count)
  const seconds = (performance.now() - since) / 1000
  await start(server, 'simulate', { steps: 10_000, stepMs: 1000 })
  return { server, id, seconds }
}
