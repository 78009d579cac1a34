import type { LogLevel } from '#engine/run_log'
import type { TaskState } from '#engine/task_state'

export interface TimelineEntry {
  readonly level: LogLevel
  readonly message: string
}

/**
 * What the log of a task says about the end of a run: that it failed and after how long, or that
 * another attempt follows. Nothing of one that went well: its status says that. Readers may take the
 * beginning of the attempt from it: the time of the line less what the attempt took.
 */
export function entryOf(state: TaskState): TimelineEntry | null {
  const { status, attempt, error } = state
  const failure =
    error && `Attempt ${attempt} failed${after(state)} (${error.code}): ${sentence(error.message)}`
  switch (status) {
    case 'queued':
      return {
        level: 'warn',
        message: failure
          ? `${failure} The next one begins in ${inWords(untilNext(state))}.`
          : `Attempt ${attempt} was interrupted; another one follows.`,
      }
    case 'failed':
      return failure ? { level: 'error', message: failure } : null
    default:
      return null
  }
}

/** Nothing of a task that never ran. */
function after({ startedAt, updatedAt }: TaskState): string {
  if (startedAt === null) return ''
  return ` after ${inWords(Date.parse(updatedAt) - Date.parse(startedAt))}`
}

/** Milliseconds. */
function untilNext({ nextAttemptAt, updatedAt }: TaskState): number {
  return Date.parse(nextAttemptAt ?? updatedAt) - Date.parse(updatedAt)
}

/** Milliseconds as `0.4 s`, `7 min 5.2 s` or `2 h 0 min 5.2 s`. */
function inWords(milliseconds: number): string {
  const tenths = Math.round(Math.max(0, milliseconds) / 100)
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60]
  const parts = [`${(tenths % 600) / 10} s`]
  if (hours + minutes > 0) parts.unshift(`${minutes} min`)
  if (hours > 0) parts.unshift(`${hours} h`)
  return parts.join(' ')
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
