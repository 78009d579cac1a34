import { errors } from '@vinejs/vine'
import { DEEPEST, isTooDeep } from '#engine/json_depth'
import { refused } from '#validators/refused'
import { checkKeys } from '#validators/json_text'
import { unknownFields } from '#validators/unknown_fields'
import { startTaskValidator } from '#validators/task'
import { startSchema, type Form } from '#validators/start_schema'
import type { HttpContext } from '@adonisjs/core/http'
import { receiveUpload } from '#validators/upload'
import { UnsupportedBody } from '#exceptions/http_errors'
import type { TaskTypes } from '#engine/task_types'
import type { FileStore, IncomingFile } from '#engine/file_store'

/** Fields that an answer names at most. */
const MOST_TOLD = 20

/** A request to start a task, checked but for its input, which is the type's own business. */
export interface TaskRequest {
  readonly type: string
  readonly input: Record<string, unknown>
  readonly id?: string
  readonly file?: IncomingFile
}

/**
 * Reads `POST /tasks`: JSON, or multipart with `type`, `input` as JSON, and `file` in any order.
 * Whoever gets the file must keep or discard it; nothing is left when this throws.
 *
 * @param options.limit bytes of the largest file
 */
export async function readTaskRequest(
  { request }: HttpContext,
  { files, types, limit }: { files: FileStore; types: TaskTypes; limit: number }
): Promise<TaskRequest> {
  if (request.bodyType === 'multipart') {
    const file = await receiveUpload(request, files, {
      limit,
      check: (type) => types.checkFile(type),
    })
    try {
      const { input, ...fields } = request.body()
      if (file && types.find(fields.type)) types.checkFile(fields.type)
      if ('file' in fields) fields.file = true
      const body = { ...fields, input: parsed(input) }
      return { ...(await validated(body, types, 'multipart')), file }
    } catch (error) {
      if (file) await files.discard(file)
      throw error
    }
  }
  if (request.hasBody() && request.bodyType !== 'json') throw new UnsupportedBody()
  return validated(request.body() || {}, types, 'json')
}

async function validated(body: unknown, types: TaskTypes, form: Form): Promise<TaskRequest> {
  if (isTooDeep(body)) {
    throw refused('input', 'depth', `The body may be nested at most ${DEEPEST} levels deep`)
  }
  const { type, input = {}, id } = await startTaskValidator.validate(body)
  const known = types.find(type)
  // That there is no such type is the engine's to say.
  if (known) refuseUnknown(unknownFields(body, startSchema(known, form)))
  return { type, input: input as Record<string, unknown>, id }
}

function refuseUnknown(unknown: readonly string[]): void {
  if (unknown.length === 0) return
  const messages = unknown.slice(0, MOST_TOLD).map((field) => ({
    field,
    rule: 'unknown',
    message: `The field ${field} is not known`,
  }))
  throw new errors.E_VALIDATION_ERROR(messages)
}

function parsed(input: unknown): unknown {
  if (typeof input !== 'string') return input
  let value: unknown
  try {
    value = JSON.parse(input)
  } catch {
    throw refused('input', 'json', 'The part input must be JSON')
  }
  checkKeys(input)
  return value
}
