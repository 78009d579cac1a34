import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

export const channelOf = (id) => `long-task/${id}`

/** Watchers with uids of their own, each on the channel that `channel` gives for its index. */
export function watchersOf(count, channel) {
  return Array.from({ length: count }, (_, index) => ({
    uid: randomUUID(),
    channel: channel(index),
  }))
}

/** Starts a task. Gives its id. */
export async function start(server, type, input = {}, id = randomUUID()) {
  const answer = await fetch(`${server.url}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id, type, input }),
  })
  if (answer.status !== 202) throw new Error(await answer.text())
  return id
}

/** Gives the task once it has ended. Throws when it did not complete. */
export async function ended(server, id, every = 50) {
  for (;;) {
    const task = await (await fetch(`${server.url}/tasks/${id}`)).json()
    if (task.finishedAt && task.status !== 'completed') throw new Error(JSON.stringify(task.error))
    if (task.finishedAt) return task
    await delay(every)
  }
}

/** The snapshot of a running task, as the server serialises it: what peers send as well. */
export async function samplePayload(servers) {
  const server = await servers.headway()
  const id = await start(server, 'simulate', { steps: 1000, stepMs: 100 })
  await delay(1000)
  const answer = await fetch(`${server.url}/tasks/${id}/progress`)
  const text = await answer.text()
  await server.stop()
  return text
}
