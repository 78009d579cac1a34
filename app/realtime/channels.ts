const TASK = /^long-task\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** The Transmit channel of all that its watcher may see. */
export const TASK_LIST = 'long-tasks'

/** The task that a Transmit channel carries, `null` for any other channel. */
export function taskOf(channel: string): string | null {
  return TASK.exec(channel)?.[1] ?? null
}
