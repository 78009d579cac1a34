import type { Snapshot } from '#engine/snapshot'

/** Starts a `simulate` on a server of its own process. */
export async function start(url: string, input: object): Promise<Snapshot> {
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'simulate', input }),
  })
  return (await answer.json()) as Snapshot
}

export async function look(url: string, id: string): Promise<Snapshot> {
  return (await (await fetch(`${url}/tasks/${id}`)).json()) as Snapshot
}
