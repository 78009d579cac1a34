import { engine } from '#start/services'
import type { TaskTypePage } from '#openapi/shapes'
import type { HttpContext } from '@adonisjs/core/http'

/** What can be started. */
export default class TaskTypesController {
  /** Every type with the JSON Schema of its input. */
  index({ response }: HttpContext): TaskTypePage {
    response.header('Cache-Control', 'private, no-cache')
    const data = engine.types.all().map(({ type, description, input }) => ({
      type,
      description,
      input: input.toJSONSchema(),
    }))
    return { data }
  }
}
