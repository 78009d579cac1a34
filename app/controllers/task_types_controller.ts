import { engine } from '#start/services'

/** What can be started. */
export default class TaskTypesController {
  /** Every type with the JSON Schema of its input. */
  index() {
    const data = engine.types.all().map(({ type, description, input }) => ({
      type,
      description,
      input: input.toJSONSchema(),
    }))
    return { data }
  }
}
