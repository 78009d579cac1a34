import type { TaskState } from '#engine/task_state'

/** A result of more bytes than this is left out of the snapshot; the task itself has it. */
const RESULT_LIMIT = 2048

/** What never changes of a task. */
export interface Addresses {
  /** The Transmit channel that carries this task. */
  readonly channel: string
  readonly links: {
    readonly self: string
    readonly progress: string
    readonly events: string
    readonly cancel: string
    readonly result: string
    readonly logs: string
  }
}

/**
 * The whole last known state of a task as clients see it: what polls answer, what Transmit and SSE
 * carry. Always whole, never a delta.
 */
export interface Snapshot extends Omit<TaskState, 'owner'>, Addresses {
  /** How a running task does: `quiet` has not reported for a while. `null` when it doesn't run. */
  readonly health: 'active' | 'quiet' | 'busy' | 'lost' | null
}

/** Where everything about a task is found. */
export function addressesOf(id: string): Addresses {
  const self = `/tasks/${id}`
  return {
    channel: channelOf(id),
    links: {
      self,
      progress: `${self}/progress`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      result: `${self}/result`,
      logs: `${self}/logs`,
    },
  }
}

/** The Transmit channel of a task. */
export function channelOf(id: string): string {
  return `long-task/${id}`
}

/** The one place that turns the state of a task into what clients see. */
export function snapshotOf(
  state: TaskState,
  health: Snapshot['health'],
  { channel, links }: Addresses
): Snapshot {
  return {
    id: state.id,
    type: state.type,
    status: state.status,
    progress: state.progress,
    message: state.message,
    current: state.current,
    total: state.total,
    unit: state.unit,
    rate: state.rate,
    etaSeconds: state.etaSeconds,
    etaBasis: state.etaBasis,
    health,
    version: state.version,
    attempt: state.attempt,
    maxAttempts: state.maxAttempts,
    nextAttemptAt: state.nextAttemptAt,
    retryOf: state.retryOf,
    result: small(state.result),
    error: state.error,
    cancelRequestedAt: state.cancelRequestedAt,
    createdAt: state.createdAt,
    startedAt: state.startedAt,
    updatedAt: state.updatedAt,
    finishedAt: state.finishedAt,
    channel,
    links,
  }
}

function small(result: unknown): unknown {
  if (result === null || result === undefined) return null
  return Buffer.byteLength(JSON.stringify(result)) <= RESULT_LIMIT ? result : null
}
