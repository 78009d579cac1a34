import { Exception } from '@adonisjs/core/exceptions'

export interface TaskErrorOptions extends ErrorOptions {
  /** `false` where another attempt can only fail in the same way. */
  readonly retry?: boolean
}

/**
 * Throw this inside a task to fail it with a `code` of your own (stable, kebab-case). Any other
 * error fails it with `task-error` and its message.
 */
export class TaskError extends Exception {
  static status = 500
  /** Whether another attempt may be made, if the type has one left. */
  readonly retry: boolean

  constructor(
    readonly code: string,
    message: string,
    { retry = true, ...options }: TaskErrorOptions = {}
  ) {
    super(message, options)
    this.retry = retry
  }
}

/** A task type can't be used as it is written. Names the file. Thrown at start-up. */
export class BadTaskType extends Exception {
  static code = 'E_BAD_TASK_TYPE'

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`)
  }
}

/** The named task type doesn't exist. */
export class UnknownTaskType extends Exception {
  static status = 422
  static code = 'unknown-type'

  constructor(type: string, known: readonly string[]) {
    super(`There is no task type "${type}". There is: ${known.join(', ')}.`)
  }
}

/** The id is taken by a task that was started with another type, input or file. */
export class TaskIdTaken extends Exception {
  static status = 409
  static code = 'id-taken'

  constructor(id: string) {
    super(`The id ${id} belongs to a task that was started with another body.`)
  }
}

/** The idempotency key was used for another request. */
export class IdempotencyKeyReused extends Exception {
  static status = 422
  static code = 'idempotency-key-reused'
  static message = 'This Idempotency-Key was used for another request. Make a new one.'
}

/** As many tasks wait as may wait. */
export class QueueFull extends Exception {
  static status = 429
  static code = 'queue-full'
  readonly retryAfter = 10

  constructor(limit: number) {
    super(`${limit} tasks are waiting already. Try again later.`)
  }
}

/** The process is stopping and takes no more work. */
export class EngineStopping extends Exception {
  static status = 503
  static code = 'stopping'
  readonly retryAfter = 5

  constructor() {
    super('The server is restarting. Try again in a few seconds.')
  }
}

/** This run is no longer the claimed one: somebody else has ended or taken the task. */
export class RunFenced extends Exception {
  static code = 'E_RUN_FENCED'

  constructor(id: string) {
    super(`Task ${id} was taken from this run.`)
  }
}

const reasons = {
  cancelled: 'The task was cancelled.',
  stopping: 'The server is stopping.',
  timeout: 'The task took too long.',
}

/** Why a run's signal was aborted: the `reason` of the signal that its task sees. */
export class RunAborted extends Exception {
  static code = 'E_RUN_ABORTED'

  constructor(readonly why: keyof typeof reasons) {
    super(reasons[why])
  }
}

/** A file is larger than `MAX_UPLOAD` allows. */
export class FileTooLarge extends Exception {
  static status = 413
  static code = 'body-too-large'

  constructor(limit: number) {
    super(`A file may have at most ${limit} bytes.`)
  }
}

/** The disk has no room left. */
export class StorageFull extends Exception {
  static status = 507
  static code = 'storage-full'
  readonly retryAfter = 60

  constructor(cause: unknown) {
    super('The server has no room left on its disk.', { cause })
  }
}

/** The database was locked or gone for too long. */
export class DatabaseUnavailable extends Exception {
  static status = 503
  static code = 'database-unavailable'
  readonly retryAfter = 5

  constructor(cause: unknown) {
    super('The database is out of reach. Try again in a few seconds.', { cause })
  }
}

/** The task was pruned, or forgotten by its owner. Its id stays taken. */
export class TaskGone extends Exception {
  static status = 410
  static code = 'task-gone'
  static message = 'The task is gone: it was deleted, or pruned long after its end.'
}
