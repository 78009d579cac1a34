import { Cut } from '#engine/cut'
import type { TaskState } from '#engine/task_state'

/** A cut of a task that there is nowhere else. */
export function madeCut(changes: Partial<TaskState> & { id: string }): Cut {
  return new Cut({ owner: 'local', status: 'processing', version: 1, ...changes } as TaskState)
}
