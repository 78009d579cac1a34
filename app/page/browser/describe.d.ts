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
  readonly links: { readonly result: string }
}

export interface Description {
  readonly isLive: boolean
  readonly percent: string
  readonly bar: number | null
  readonly health: string
  readonly message: string
}

/** A name and a value. */
export type Figure = readonly [string, string]

export function describe(task: TaskBody, now: number): Description
export function isRetrying(task: TaskBody): boolean
export function nextAttempt(task: TaskBody, now: number): string
export function figuresOf(
  task: TaskBody,
  now: number,
  write: (time: string, now: number) => string
): Readonly<Record<string, Figure>>
