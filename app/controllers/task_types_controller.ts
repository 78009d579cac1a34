import { inject } from '@adonisjs/core'
import { Engine } from '#engine/engine'

/** What can be started. */
@inject()
export default class TaskTypesController {
  constructor(protected engine: Engine) {}

  /** Every type with the JSON Schema of its input. */
  index() {
    const data = this.engine.types.all().map(({ type, description, input }) => ({
      type,
      description,
      input: input.toJSONSchema(),
    }))
    return { data }
  }
}
