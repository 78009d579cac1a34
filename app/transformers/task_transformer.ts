import type { KnownTask } from '#engine/engine'
import type { Snapshot } from '#engine/snapshot'
import { BaseTransformer } from '@adonisjs/core/transformers'

/** The task as its own resource. */
export interface Task extends Snapshot {
  /** What the task was started with; of a file its name, size in bytes and SHA-256 as `file`. */
  readonly input: unknown
}

/** The task as its own resource: the snapshot, what it was started with, and the whole result. */
export default class TaskTransformer extends BaseTransformer<KnownTask> {
  toObject(): Task {
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
