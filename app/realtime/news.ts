import { taskOf } from '#realtime/channels'
import { statuses } from '#engine/status'
import type { Snapshot } from '#engine/snapshot'

/** What goes over a channel. A `Cut` is one. */
export interface News {
  /** Orders the news of a channel; `null` where there is no order. */
  readonly version: number | null
  /** The payload, serialised once. */
  readonly json: string
  /** The task, on the channel of one. */
  readonly snapshot: Snapshot | null
}

/**
 * A payload that was handed to Transmit, serialised now, so that nothing that happens to it later is
 * seen. `null` for one on the channel of a task that is no snapshot of it. Throws for what is no JSON.
 */
export function newsOf(channel: string, payload: unknown): News | null {
  const json = JSON.stringify(payload ?? null)
  const id = taskOf(channel)
  if (id === null) return { version: null, json, snapshot: null }
  const snapshot = JSON.parse(json) as Snapshot | null
  if (snapshot?.id !== id || !statuses.includes(snapshot.status)) return null
  return Number.isSafeInteger(snapshot.version)
    ? { version: snapshot.version, json, snapshot }
    : null
}
