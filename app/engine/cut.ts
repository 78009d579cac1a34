import { addressesOf, snapshotOf, type Addresses, type Snapshot } from '#engine/snapshot'
import type { TaskState } from '#engine/task_state'

/**
 * One snapshot, made once: polls, Transmit and SSE answer with the same version, the same bytes
 * and the same `ETag`. Immutable; the bytes are made when the first of them asks.
 */
export class Cut {
  readonly id: string
  readonly owner: string
  readonly version: number
  readonly snapshot: Snapshot
  /** The whole result, also when it is too large for the snapshot. */
  readonly result: unknown
  /** What streams make of it, by encoding: kept with the cut, which all of them share. */
  readonly frames: Record<string, string | Buffer> = {}
  #json?: string

  constructor(
    state: TaskState,
    health: Snapshot['health'] = state.status === 'processing' ? 'active' : null,
    addresses: Addresses = addressesOf(state.id)
  ) {
    this.id = state.id
    this.owner = state.owner
    this.version = state.version
    this.result = state.result
    this.snapshot = snapshotOf(state, health, addresses)
  }

  /** The snapshot as JSON text, serialised once. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this.snapshot))
  }
}
