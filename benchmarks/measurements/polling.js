import { atLeast } from '#lib/figures'
import { besideBareRoute } from '#lib/requests'
import { samplePayload, start } from '#lib/tasks'

/** `GET /tasks/:id/progress` of a live task beside a bare route that returns the same JSON. */
export default async function polling({ servers, rounds }) {
  const ours = await servers.headway()
  const bare = await servers.adonis({ PAYLOAD: await samplePayload(servers) })
  const id = await start(ours, 'simulate', { steps: 10_000, stepMs: 1000 })
  return besideBareRoute('GET /tasks/:id/progress', {
    servers,
    rounds,
    ours: { server: ours, request: { path: `/tasks/${id}/progress` } },
    bare: { server: bare, request: { path: `/progress/${id}` } },
    goal: atLeast(0.85),
  })
}
