/**
 * The states of a task (design, "status"). What a crash leaves behind:
 * - `queued`: waits for a runner; survives as it is.
 * - `processing`: a runner has it; recovery ends it when that runner is gone.
 * - `completed`, `failed`, `cancelled`: terminal, never change again.
 */
export const statuses = ['queued', 'processing', 'completed', 'failed', 'cancelled'] as const

export type TaskStatus = (typeof statuses)[number]
export type TerminalStatus = 'completed' | 'failed' | 'cancelled'

/** Every allowed change of status; whatever is not here is impossible. */
export const transitions: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  queued: ['processing', 'failed', 'cancelled'],
  processing: ['queued', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
}

/** The statuses from which a task may become `to`: the left side of a compare-and-set. */
export function sourcesOf(to: TaskStatus): TaskStatus[] {
  return statuses.filter((from) => transitions[from].includes(to))
}

export function isTerminal(status: TaskStatus): status is TerminalStatus {
  return transitions[status].length === 0
}
