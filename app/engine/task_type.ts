import type { Backoff } from '#engine/backoff'
import type { TaskInput } from '#engine/task_input'
import type { LongTask, RunHandle } from '#engine/long_task'

/** A class in `app/tasks/`: what the registry holds. */
export interface TaskType {
  readonly type: string
  readonly description: string
  readonly input: TaskInput
  readonly attempts: number
  readonly backoff: Backoff
  readonly timeout: string | null
  readonly expires: string | null
  new (run: RunHandle): LongTask
}
