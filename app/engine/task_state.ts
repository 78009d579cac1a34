import type Task from '#models/task'
import type { DateTime } from 'luxon'
import type { TaskStatus } from '#engine/status'

/** What clients are told of a failure. The stack stays in the log. */
export interface TaskFailure {
  /** Stable, kebab-case. */
  readonly code: string
  readonly message: string
}

/** All that a snapshot is made of. Times are ISO 8601 UTC with milliseconds. */
export interface TaskState {
  readonly id: string
  readonly owner: string
  readonly type: string
  readonly status: TaskStatus
  /** 0–100, or `null` while it can't be known. */
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
  readonly version: number
  readonly attempt: number
  readonly maxAttempts: number
  readonly nextAttemptAt: string | null
  readonly retryOf: string | null
  readonly result: unknown
  readonly error: TaskFailure | null
  readonly cancelRequestedAt: string | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly updatedAt: string
  readonly finishedAt: string | null
}

/** The state that a row of the table holds. */
export function stateOf(task: Task): TaskState {
  return {
    id: task.id,
    owner: task.owner,
    type: task.type,
    status: task.status as TaskStatus,
    progress: task.progress,
    message: task.message,
    current: task.current,
    total: task.total,
    unit: task.unit,
    rate: task.rate,
    etaSeconds: task.etaSeconds,
    etaBasis: task.etaBasis,
    version: task.version,
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    nextAttemptAt: iso(task.nextAttemptAt),
    retryOf: task.retryOf,
    result: task.result,
    error: task.error as TaskFailure | null,
    cancelRequestedAt: iso(task.cancelRequestedAt),
    createdAt: task.createdAt.toUTC().toISO() as string,
    startedAt: iso(task.startedAt),
    updatedAt: task.updatedAt.toUTC().toISO() as string,
    finishedAt: iso(task.finishedAt),
  }
}

/** Now, as the table and the clients write it. */
export function now(): string {
  return new Date().toISOString()
}

function iso(time: DateTime | null): string | null {
  return time === null ? null : time.toUTC().toISO()
}
