import string from '@adonisjs/core/helpers/string'
import type { Json } from '#openapi/json'
import type { TaskType } from '#engine/task_type'
import type { TaskTypes } from '#engine/task_types'
import { startTaskValidator } from '#validators/task'

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

/** The body of `POST /tasks` by media type: one variant a task type, told apart by `type`. */
export function startBody(types: TaskTypes): Readonly<Record<string, Json>> {
  const content = (of: TaskType[], variant: (type: TaskType) => Json): Json => ({
    schema: { discriminator: { propertyName: 'type' }, oneOf: of.map(variant) },
  })
  return {
    'application/json': content(withoutFile(types), (type) => variantOf(type)),
    'multipart/form-data': {
      ...content(types.all(), (type) => variantOf(type, { file: inputOf(type).properties?.file })),
      encoding: { input: { contentType: 'application/json' } },
    },
  }
}

/**
 * What starts a task of each type, by the name that clients' types give it. `StartTask` is what may
 * be sent as JSON, without a file.
 */
export function startTypes(types: TaskTypes): Readonly<Record<string, Json>> {
  const nameOf = ({ type }: TaskType) => `Start${string.pascalCase(type)}`
  const bodies = types.all().map((type) => [nameOf(type), { ...variantOf(type), title: undefined }])
  const refs = withoutFile(types).map((type) => ({ $ref: `#/definitions/${nameOf(type)}` }))
  return { ...Object.fromEntries(bodies), StartTask: { oneOf: refs } }
}

function withoutFile(types: TaskTypes): TaskType[] {
  return types.all().filter((type) => !isRequired(inputOf(type), 'file'))
}

function variantOf(type: TaskType, { file }: { file?: Json } = {}): Json {
  const envelope = startTaskValidator.toJSONSchema() as ObjectSchema
  const input = inputOf(type)
  const fields = { ...input.properties }
  delete fields.file
  const required = (input.required ?? []).filter((field) => field !== 'file')
  const isFileRequired = file !== undefined && isRequired(input, 'file')
  return {
    title: type.type,
    description: type.description,
    ...envelope,
    properties: {
      ...envelope.properties,
      type: { const: type.type },
      input: { ...input, properties: fields, required },
      ...(file && { file }),
    },
    required: [
      ...(envelope.required ?? []),
      ...(required.length > 0 ? ['input'] : []),
      ...(isFileRequired ? ['file'] : []),
    ],
  }
}

function inputOf(type: TaskType): ObjectSchema {
  return type.input.toJSONSchema() as ObjectSchema
}

function isRequired(schema: ObjectSchema, field: string): boolean {
  return schema.required?.includes(field) ?? false
}
