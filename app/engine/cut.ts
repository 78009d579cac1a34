import { addressesOf, snapshotOf, type Addresses, type Snapshot } from '#engine/snapshot'
import type { TaskState } from '#engine/task_state'

/**
 * One snapshot, made once: polls, Transmit and SSE answer with the same version, the same bytes
 * and the same `ETag`. Immutable; the bytes are made when somebody asks.
 */
export class Cut {
  readonly id: string
  readonly owner: string
  readonly version: number
  readonly snapshot: Snapshot
  /** The whole result, also when it is too large for the snapshot. */
  readonly result: unknown
  #json?: string
  #isRead = false

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

  /**
   * The snapshot as JSON text. Kept from the second reader on: most cuts have one, and the texts of
   * thousands of live tasks would be the better part of what the collector has to carry along.
   */
  get json(): string {
    if (this.#json !== undefined) return this.#json
    const json = JSON.stringify(this.snapshot)
    if (this.#isRead) this.#json = json
    this.#isRead = true
    return json
  }
}
