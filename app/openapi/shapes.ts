import type { Snapshot } from '#engine/snapshot'
import type { LogLine } from '#engine/run_log'
import type { Problem } from '#exceptions/problem'
import type { Task } from '#transformers/task_transformer'
import type { DatasetSummary } from '#models/datasets'
import type { TaskListFrame } from '#realtime/task_list'

export interface TaskPage {
  readonly data: readonly Snapshot[]
  readonly meta: {
    /** @asType integer */
    readonly limit: number
    /** Leads to the next page; `null` on the last. */
    readonly nextCursor: string | null
  }
}

export interface LogPage {
  readonly data: readonly LogLine[]
  readonly meta: {
    /** @asType integer */
    readonly limit: number
    /**
     * What to ask for next, also later: leads to what is logged from now on.
     * @asType integer
     */
    readonly nextAfter: number
    readonly hasMore: boolean
  }
}

export interface DatasetPage {
  readonly data: readonly DatasetSummary[]
  readonly meta: TaskPage['meta']
}

export interface TaskTypePage {
  readonly data: readonly {
    readonly type: string
    readonly description: string
    /** The JSON Schema of its input. */
    readonly input: object
  }[]
}

export interface HealthReport {
  readonly status: 'ok' | 'warning' | 'error' | 'stopping'
  /** Seconds. */
  readonly uptime: number
  readonly checks: readonly {
    readonly name: string
    readonly status: 'ok' | 'warning' | 'error'
    readonly message: string
  }[]
}

/**
 * Every body that the API answers with, and every message of its streams, by the name of its type.
 * `node ace generate:api` makes `schemas.json` and `app/page/api.d.ts` from them.
 */
export interface Shapes {
  readonly Snapshot: Snapshot
  readonly Task: Task
  readonly TaskPage: TaskPage
  readonly LogLine: LogLine
  readonly LogPage: LogPage
  readonly DatasetPage: DatasetPage
  readonly TaskTypePage: TaskTypePage
  readonly TaskListFrame: TaskListFrame
  readonly HealthReport: HealthReport
  readonly Problem: Problem
}
