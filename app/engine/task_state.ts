import type { TaskStatus } from '#engine/status'

/**
 * ISO 8601, UTC, with milliseconds.
 * @format date-time
 */
export type Timestamp = string

/** What clients are told of a failure. The stack stays in the log. */
export interface TaskFailure {
  /** Stable, kebab-case. */
  readonly code: string
  readonly message: string
}

/** All that a snapshot is made of. */
export interface TaskState {
  readonly id: string
  readonly owner: string
  readonly type: string
  readonly status: TaskStatus
  /**
   * `null` while it can't be known.
   * @minimum 0
   * @maximum 100
   */
  readonly progress: number | null
  readonly message: string | null
  readonly current: number | null
  readonly total: number | null
  readonly unit: string | null
  /** `unit` a second. */
  readonly rate: number | null
  readonly etaSeconds: number | null
  /** `rate` (this attempt), `history` (earlier runs of the type) or `mixed`. */
  readonly etaBasis: string | null
  /**
   * Grows with every snapshot of a task.
   * @asType integer
   */
  readonly version: number
  /**
   * Which try of the task this is, from 1; 0 before the first.
   * @asType integer
   */
  readonly attempt: number
  /** @asType integer */
  readonly maxAttempts: number
  readonly nextAttemptAt: Timestamp | null
  readonly retryOf: string | null
  readonly result: unknown
  readonly error: TaskFailure | null
  readonly cancelRequestedAt: Timestamp | null
  readonly createdAt: Timestamp
  readonly startedAt: Timestamp | null
  readonly updatedAt: Timestamp
  readonly finishedAt: Timestamp | null
}

/** The state of a task that was just started. */
export function queued(
  task: Pick<TaskState, 'id' | 'owner' | 'type' | 'maxAttempts' | 'createdAt'>
): TaskState {
  return {
    id: task.id,
    owner: task.owner,
    type: task.type,
    status: 'queued',
    progress: null,
    message: null,
    current: null,
    total: null,
    unit: null,
    rate: null,
    etaSeconds: null,
    etaBasis: null,
    version: 1,
    attempt: 0,
    maxAttempts: task.maxAttempts,
    nextAttemptAt: null,
    retryOf: null,
    result: null,
    error: null,
    cancelRequestedAt: null,
    createdAt: task.createdAt,
    startedAt: null,
    updatedAt: task.createdAt,
    finishedAt: null,
  }
}

/** The end of a task that ran when its server was stopped, and may not run again. */
export const wasStopped: TaskFailure = {
  code: 'interrupted',
  message: 'The server was stopped while the task ran.',
}

/**
 * Whether this is no end to a task that was asked to stop: it would wait for another attempt, or
 * fail because the server stops. It is cancelled instead then.
 */
export function yieldsToCancel({ status, error }: TaskState): boolean {
  return status === 'queued' || error?.code === wasStopped.code
}

/** The millisecond that was asked for last, and its text: tasks that wake together share it. */
let [newest, text] = [Number.NaN, '']

/** Now, as the table and the clients write it. */
export function now(): string {
  const time = Date.now()
  if (time !== newest) [newest, text] = [time, new Date(time).toISOString()]
  return text
}
