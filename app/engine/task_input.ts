import type { JSONSchema7 } from 'json-schema'

/** A compiled Vine schema (`vine.create({…})`). */
export interface TaskInput {
  validate(data: unknown): Promise<unknown>
  toJSONSchema(): JSONSchema7
}

/** What a schema makes of valid input. */
export type InputOf<Input extends TaskInput> = Awaited<ReturnType<Input['validate']>>
