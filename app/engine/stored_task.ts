import type { TaskStatus } from '#engine/status'
import type { StoredFileData } from '#engine/stored_file'
import type { TaskFailure, TaskState } from '#engine/task_state'

/** A row of `tasks`: the state, and what only the engine needs. */
export interface StoredTask extends TaskState {
  /** Order of creation: what pages go by. */
  readonly seq: number
  readonly input: unknown
  readonly file: StoredFileData | null
  readonly fingerprint: string
  readonly claim: number
  readonly runnerId: string | null
  readonly interruptions: number
  readonly checkpoint: unknown
}

/**
 * Reads a row. A plain object rather than a model: a runner holds one for each of its tasks, and a
 * model with its dates takes ten times as long and as much memory.
 */
export function storedTask(row: Record<string, unknown>): StoredTask {
  return {
    seq: Number(row.seq),
    id: row.id as string,
    owner: row.owner as string,
    type: row.type as string,
    status: row.status as TaskStatus,
    input: json(row.input),
    file: json(row.file) as StoredFileData | null,
    fingerprint: row.fingerprint as string,
    progress: row.progress as number | null,
    message: row.message as string | null,
    current: row.current as number | null,
    total: row.total as number | null,
    unit: row.unit as string | null,
    rate: row.rate as number | null,
    etaSeconds: row.eta_seconds as number | null,
    etaBasis: row.eta_basis as string | null,
    version: Number(row.version),
    claim: Number(row.claim),
    runnerId: row.runner_id as string | null,
    attempt: row.attempt as number,
    maxAttempts: row.max_attempts as number,
    nextAttemptAt: time(row.next_attempt_at),
    interruptions: row.interruptions as number,
    retryOf: row.retry_of as string | null,
    checkpoint: json(row.checkpoint),
    result: json(row.result),
    error: json(row.error) as TaskFailure | null,
    cancelRequestedAt: time(row.cancel_requested_at),
    createdAt: time(row.created_at) as string,
    startedAt: time(row.started_at),
    updatedAt: time(row.updated_at) as string,
    finishedAt: time(row.finished_at),
  }
}

function json(text: unknown): unknown {
  return text === null ? null : JSON.parse(text as string)
}

/** ISO 8601, as SQLite keeps it; other databases give dates. */
function time(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : (value as string | null)
}
