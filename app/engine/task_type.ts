import type { LongTask, RunHandle } from '#engine/long_task'
import type { JSONSchema7 } from 'json-schema'

/** A compiled Vine schema (`vine.create({…})`). */
export interface TaskInput {
  validate(data: unknown): Promise<unknown>
  toJSONSchema(): JSONSchema7
}

/** A class in `app/tasks/`: what the registry holds. */
export interface TaskType {
  readonly type: string
  readonly description: string
  readonly input: TaskInput
  new (run: RunHandle): LongTask
}

/** What a schema makes of valid input. */
export type InputOf<Input extends TaskInput> = Awaited<ReturnType<Input['validate']>>
