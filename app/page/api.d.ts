/* Made by `node ace generate:api`: what is sent to the API, and its answers. */

export type TaskStatus = 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled'
/**
 * ISO 8601, UTC, with milliseconds.
 */
export type Timestamp = string
export type LogLevel = 'info' | 'warn' | 'error' | 'fatal'
export type StartTask = StartExportDataset | StartSimulate

/**
 * The whole last known state of a task as clients see it: what polls answer, what Transmit and SSE carry. Always whole, never a delta.
 */
export interface Snapshot {
  /**
   * The Transmit channel that carries this task.
   */
  channel: string
  links: {
    self: string
    progress: string
    events: string
    cancel: string
    result: string
    logs: string
  }
  id: string
  type: string
  status: TaskStatus
  /**
   * `null` while it can't be known.
   */
  progress: number | null
  message: string | null
  current: number | null
  total: number | null
  unit: string | null
  /**
   * `unit` a second.
   */
  rate: number | null
  etaSeconds: number | null
  /**
   * `rate` (this attempt), `history` (earlier runs of the type) or `mixed`.
   */
  etaBasis: string | null
  /**
   * Grows with every snapshot of a task.
   */
  version: number
  /**
   * Which try of the task this is, from 1; 0 before the first.
   */
  attempt: number
  maxAttempts: number
  nextAttemptAt: Timestamp | null
  retryOf: string | null
  result: unknown
  error: TaskFailure | null
  cancelRequestedAt: Timestamp | null
  createdAt: Timestamp
  startedAt: Timestamp | null
  updatedAt: Timestamp
  finishedAt: Timestamp | null
  /**
   * How a running task does: `quiet` has not reported for a while. `null` when it doesn't run.
   */
  health: 'active' | 'quiet' | 'busy' | 'lost' | null
}
/**
 * What clients are told of a failure. The stack stays in the log.
 */
export interface TaskFailure {
  /**
   * Stable, kebab-case.
   */
  code: string
  message: string
}
/**
 * The task as its own resource.
 */
export interface Task {
  /**
   * The Transmit channel that carries this task.
   */
  channel: string
  links: {
    self: string
    progress: string
    events: string
    cancel: string
    result: string
    logs: string
  }
  id: string
  type: string
  status: TaskStatus
  /**
   * `null` while it can't be known.
   */
  progress: number | null
  message: string | null
  current: number | null
  total: number | null
  unit: string | null
  /**
   * `unit` a second.
   */
  rate: number | null
  etaSeconds: number | null
  /**
   * `rate` (this attempt), `history` (earlier runs of the type) or `mixed`.
   */
  etaBasis: string | null
  /**
   * Grows with every snapshot of a task.
   */
  version: number
  /**
   * Which try of the task this is, from 1; 0 before the first.
   */
  attempt: number
  maxAttempts: number
  nextAttemptAt: Timestamp | null
  retryOf: string | null
  result: unknown
  error: TaskFailure | null
  cancelRequestedAt: Timestamp | null
  createdAt: Timestamp
  startedAt: Timestamp | null
  updatedAt: Timestamp
  finishedAt: Timestamp | null
  /**
   * How a running task does: `quiet` has not reported for a while. `null` when it doesn't run.
   */
  health: 'active' | 'quiet' | 'busy' | 'lost' | null
  /**
   * What the task was started with; of a file its name, size in bytes and SHA-256 as `file`.
   */
  input: {
    [k: string]: unknown
  }
}
export interface TaskPage {
  data: Snapshot[]
  meta: {
    limit: number
    /**
     * Leads to the next page; `null` on the last.
     */
    nextCursor: string | null
  }
}
/**
 * A line that a task has logged, as clients see it.
 */
export interface LogLine {
  /**
   * Orders the lines of a task.
   */
  seq: number
  attempt: number
  level: LogLevel
  message: string
  /**
   * ISO 8601 UTC.
   */
  time: string
}
export interface LogPage {
  data: LogLine[]
  meta: {
    limit: number
    /**
     * What to ask for next, also later: leads to what is logged from now on.
     */
    nextAfter: number
    hasMore: boolean
  }
}
export interface DatasetPage {
  data: DatasetSummary[]
  meta: {
    limit: number
    /**
     * Leads to the next page; `null` on the last.
     */
    nextCursor: string | null
  }
}
export interface DatasetSummary {
  name: string
  rows: number
  /**
   * How many imports it is made of.
   */
  tasks: number
  /**
   * ISO 8601 UTC.
   */
  createdAt: string
  updatedAt: string
}
export interface TaskTypePage {
  data: {
    type: string
    description: string
    /**
     * The JSON Schema of its input.
     */
    input: {
      [k: string]: unknown
    }
  }[]
}
/**
 * What the channel `long-tasks` carries: all that changed since the last frame.
 */
export interface TaskListFrame {
  tasks: Snapshot[]
  /**
   * The ids of tasks that were forgotten.
   */
  removed: string[]
}
export interface HealthReport {
  status: 'ok' | 'warning' | 'error' | 'stopping'
  /**
   * Seconds.
   */
  uptime: number
  checks: {
    name: string
    status: 'ok' | 'warning' | 'error'
    message: string
  }[]
}
/**
 * An error as every client sees it: `application/problem+json` (RFC 9457) with a stable `code`.
 */
export interface Problem {
  type: 'about:blank'
  title: string
  status: number
  code: string
  detail: string
  errors?: FieldProblem[]
}
/**
 * One field that is wrong, and why.
 */
export interface FieldProblem {
  field: string
  rule: string
  message: string
}
/**
 * Writes a dataset into a CSV or NDJSON file
 */
export interface StartExportDataset {
  type: 'export-dataset'
  input: {
    dataset: string
    format?: 'csv' | 'ndjson'
    gzip?: boolean
  }
  id?: string
}
/**
 * Loads an uploaded CSV file with a header row into a dataset
 */
export interface StartImportCsv {
  type: 'import-csv'
  input: {
    dataset: string
    delimiter?: string
    encoding?: 'utf8' | 'utf16le' | 'ucs2' | 'latin1' | 'ascii'
  }
  id?: string
}
/**
 * Counts from 0 to 100 percent in steps, to try things out
 */
export interface StartSimulate {
  type: 'simulate'
  input?: {
    steps?: number
    stepMs?: number
    failAt?: number
  }
  id?: string
}
