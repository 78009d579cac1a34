import { errors } from '@vinejs/vine'
import { DEEPEST, isTooDeep } from '#engine/json_depth'
import { startTaskValidator } from '#validators/task'
import type { HttpContext } from '@adonisjs/core/http'
import { receiveUpload } from '#validators/upload'
import { UnsupportedBody } from '#exceptions/http_errors'
import type { TaskTypes } from '#engine/task_types'
import type { FileStore, IncomingFile } from '#engine/file_store'

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
 * @param limit bytes of the largest file
 */
export async function readTaskRequest(
  ctx: HttpContext,
  { files, types }: { files: FileStore; types: TaskTypes },
  limit: number
): Promise<TaskRequest> {
  const { request } = ctx
  if (request.bodyType === 'multipart') {
    const file = await receiveUpload(request, files, {
      limit,
      check: (type) => types.checkFile(type),
    })
    try {
      const { type, input, id } = request.body()
      return { ...(await validated({ type, id, input: parsed(input) })), file }
    } catch (error) {
      if (file) await files.discard(file)
      throw error
    }
  }
  if (request.hasBody() && request.bodyType !== 'json') throw new UnsupportedBody()
  return validated(request.body() || {})
}

async function validated(body: unknown): Promise<TaskRequest> {
  if (isTooDeep(body)) {
    const message = `The body may be nested at most ${DEEPEST} levels deep`
    throw new errors.E_VALIDATION_ERROR([{ field: 'input', rule: 'depth', message }])
  }
  const { type, input = {}, id } = await startTaskValidator.validate(body)
  return { type, input: input as Record<string, unknown>, id }
}

function parsed(input: unknown): unknown {
  if (typeof input !== 'string') return input
  try {
    return JSON.parse(input)
  } catch {
    const message = 'The part input must be JSON'
    throw new errors.E_VALIDATION_ERROR([{ field: 'input', rule: 'json', message }])
  }
}
