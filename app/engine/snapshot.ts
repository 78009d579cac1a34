import type { TaskState } from '#engine/task_state'

/** A result of more bytes than this is left out of the snapshot; the task itself has it. */
const RESULT_LIMIT = 2048

/** Where everything about a task is found. */
export interface Located {
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

/** What clients see of the state of a task. */
export interface Visible extends Omit<TaskState, 'owner'> {
  /** How a running task does: `quiet` has not reported for a while. `null` when it doesn't run. */
  readonly health: 'active' | 'quiet' | 'busy' | 'lost' | null
}

/**
 * The whole last known state of a task as clients see it: what polls answer, what Transmit and SSE
 * carry. Always whole, never a delta.
 */
export interface Snapshot extends Visible, Located {}

/** The addresses of one task: half of its snapshot, and always the same. As text they are made once. */
export class Addresses implements Located {
  readonly channel: string
  readonly #id: string
  #json?: string

  constructor(id: string) {
    this.channel = channelOf(id)
    this.#id = id
  }

  get links(): Located['links'] {
    const self = `/tasks/${this.#id}`
    return {
      self,
      progress: `${self}/progress`,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      result: `${self}/result`,
      logs: `${self}/logs`,
    }
  }

  get json(): string {
    return (this.#json ??= JSON.stringify({ channel: this.channel, links: this.links }))
  }
}

/** The Transmit channel of a task. */
export function channelOf(id: string): string {
  return `long-task/${id}`
}

/** The one place that turns the state of a task into what clients see. */
export function visibleOf(state: TaskState, health: Snapshot['health']): Visible {
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
  }
}

function small(result: unknown): unknown {
  if (result === null || result === undefined) return null
  return Buffer.byteLength(JSON.stringify(result)) <= RESULT_LIMIT ? result : null
}
