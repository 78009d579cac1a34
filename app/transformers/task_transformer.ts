import type { KnownTask } from '#engine/engine'
import { BaseTransformer } from '@adonisjs/core/transformers'

/** The task as its own resource: the snapshot, what it was started with, and the whole result. */
export default class TaskTransformer extends BaseTransformer<KnownTask> {
  toObject() {
    const { cut, input, file } = this.resource
    return {
      ...cut.snapshot,
      input: file ? { ...(input as object), file: this.#file(file) } : input,
      result: cut.result ?? null,
    }
  }

  #file({ name, size, sha256 }: NonNullable<KnownTask['file']>) {
    return { name, size, sha256 }
  }
}
