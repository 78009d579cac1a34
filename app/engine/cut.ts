import { Addresses, visibleOf, type Snapshot, type Visible } from '#engine/snapshot'
import type { TaskState } from '#engine/task_state'

/**
 * One snapshot, made once: polls, Transmit and SSE answer with the same version, the same bytes
 * and the same `ETag`. Immutable; the bytes are made when somebody asks.
 */
export class Cut {
  readonly id: string
  readonly owner: string
  readonly version: number
  readonly status: Snapshot['status']
  readonly channel: string
  /** The whole result, also when it is too large for the snapshot. */
  readonly result: unknown
  readonly #visible: Visible
  readonly #addresses: Addresses
  #snapshot?: Snapshot
  #json?: string
  #isRead = false

  constructor(
    state: TaskState,
    health: Snapshot['health'] = state.status === 'processing' ? 'active' : null,
    addresses = new Addresses(state.id)
  ) {
    this.id = state.id
    this.owner = state.owner
    this.version = state.version
    this.status = state.status
    this.channel = addresses.channel
    this.result = state.result
    this.#visible = visibleOf(state, health)
    this.#addresses = addresses
  }

  get snapshot(): Snapshot {
    const { channel } = this
    return (this.#snapshot ??= { ...this.#visible, channel, links: this.#addresses.links })
  }

  /**
   * The snapshot as JSON text. Kept from the second reader on: most cuts have one, and the texts of
   * thousands of live tasks would be the better part of what the collector has to carry along.
   */
  get json(): string {
    if (this.#json !== undefined) return this.#json
    const json = `${JSON.stringify(this.#visible).slice(0, -1)},${this.#addresses.json.slice(1)}`
    if (this.#isRead) this.#json = json
    this.#isRead = true
    return json
  }
}
