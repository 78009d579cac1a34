import type { LogLevel } from '#engine/run_log'
import type { TaskState } from '#engine/task_state'

export interface TimelineEntry {
  readonly level: LogLevel
  readonly message: string
}

/**
 * What the log of a task says about the end of a run: that it failed, or that another attempt
 * follows. Nothing of one that went well: its status says that.
 */
export function entryOf({
  status,
  attempt,
  error,
  nextAttemptAt,
}: TaskState): TimelineEntry | null {
  const failure = error && `Attempt ${attempt} failed (${error.code}): ${error.message}`
  switch (status) {
    case 'queued':
      return {
        level: 'warn',
        message: failure
          ? `${failure} The next one begins at ${nextAttemptAt}.`
          : `Attempt ${attempt} was interrupted; another one follows.`,
      }
    case 'failed':
      return failure ? { level: 'error', message: failure } : null
    default:
      return null
  }
}
