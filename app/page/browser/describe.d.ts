/** Of a task, what its page shows before any script runs. */
export interface TaskBody {
  readonly id: string
  readonly type: string
  readonly status: string
  readonly progress: number | null
  readonly message: string | null
  readonly current: number | null
  readonly total: number | null
  readonly unit: string | null
  readonly rate: number | null
  readonly etaSeconds: number | null
  readonly health: string | null
  readonly attempt: number
  readonly maxAttempts: number
  readonly nextAttemptAt: string | null
  readonly retryOf: string | null
  readonly input: unknown
  readonly result: unknown
  readonly error: { readonly code: string; readonly message: string } | null
  readonly cancelRequestedAt: string | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly updatedAt: string
  readonly finishedAt: string | null
  readonly links: object
}

export interface Description {
  readonly isLive: boolean
  readonly percent: string
  readonly bar: number | null
  readonly amount: string
  readonly rate: string
  readonly eta: string
  readonly elapsed: string
  readonly attempt: string
  readonly health: string
  readonly message: string
}

export function describe(task: TaskBody, now: number): Description
