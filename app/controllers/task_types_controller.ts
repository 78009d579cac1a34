import { engine } from '#start/services'
import type { TaskTypePage } from '#openapi/shapes'

/** What can be started. */
export default class TaskTypesController {
  /** Every type with the JSON Schema of its input. */
  index(): TaskTypePage {
    const data = engine.types.all().map(({ type, description, input }) => ({
      type,
      description,
      input: input.toJSONSchema(),
    }))
    return { data }
  }
}
