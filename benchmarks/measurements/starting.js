import { start } from '#lib/tasks'
import { atLeast } from '#lib/figures'
import { besideBareRoute } from '#lib/requests'

/**
 * `POST /tasks` beside a bare route that inserts one row. The tasks only queue, as the one slot is
 * taken: what is measured is the request.
 */
export default async function starting({ servers, rounds }) {
  const ours = await servers.headway({ TASK_CONCURRENCY: '1', TASK_MAX_QUEUED: '1000000' })
  const bare = await servers.adonis()
  await start(ours, 'simulate', { steps: 10_000, stepMs: 1000 })
  const request = {
    method: 'POST',
    body: JSON.stringify({ type: 'simulate', input: { steps: 10, stepMs: 10 } }),
  }
  return besideBareRoute('POST /tasks', {
    servers,
    rounds,
    ours: { server: ours, request: { ...request, path: '/tasks' } },
    bare: { server: bare, request: { ...request, path: '/rows' } },
    goal: atLeast(0.6),
  })
}
