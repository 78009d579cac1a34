import type { JSONSchema7 } from 'json-schema'
import type { TaskType } from '#engine/task_type'
import { startTaskValidator } from '#validators/task'

/** How a request comes: a file is a part of its own, and no field of the input then. */
export type Form = 'json' | 'multipart'

/** Made once a type: Vine takes longer for it than for checking the request. */
const made = new WeakMap<TaskType, Readonly<Record<Form, JSONSchema7>>>()

/** All fields that a request to start a task of this type may have. */
export function startSchema(type: TaskType, form: Form): JSONSchema7 {
  let both = made.get(type)
  if (!both) made.set(type, (both = { json: jsonOf(type), multipart: multipartOf(type) }))
  return both[form]
}

function jsonOf(type: TaskType): JSONSchema7 {
  const envelope = startTaskValidator.toJSONSchema()
  return { ...envelope, properties: { ...envelope.properties, input: type.input.toJSONSchema() } }
}

function multipartOf(type: TaskType): JSONSchema7 {
  const json = jsonOf(type)
  const input = type.input.toJSONSchema()
  const { file, ...properties } = input.properties ?? {}
  return {
    ...json,
    properties: {
      ...json.properties,
      input: { ...input, properties },
      ...(file && { file: true }),
    },
  }
}
