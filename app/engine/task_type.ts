import type { LongTask, RunHandle } from '#engine/long_task'
import type { JSONSchema7 } from 'json-schema'

/** A compiled Vine schema (`vine.create({…})`). */
export interface TaskInput {
  validate(data: unknown): Promise<unknown>
  toJSONSchema(): JSONSchema7
}

/** How long to wait before another attempt: doubled each time, and spread by chance. */
export interface Backoff {
  readonly first: string
  readonly longest: string
}

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

/** What a schema makes of valid input. */
export type InputOf<Input extends TaskInput> = Awaited<ReturnType<Input['validate']>>
