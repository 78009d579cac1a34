import type { Snapshot } from '#engine/snapshot'
import type { Problem } from '#exceptions/problem'
import type { Task } from '#transformers/task_transformer'
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
  readonly TaskTypePage: TaskTypePage
  readonly TaskListFrame: TaskListFrame
  readonly HealthReport: HealthReport
  readonly Problem: Problem
}
