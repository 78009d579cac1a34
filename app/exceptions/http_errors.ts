import { Exception } from '@adonisjs/core/exceptions'

/** Unknown and not visible to this owner look the same. */
export class TaskNotFound extends Exception {
  static status = 404
  static code = 'task-not-found'
  static message = 'There is no such task.'
}

/** Nothing is served there. */
export class AddressNotFound extends Exception {
  static status = 404
  static code = 'route-not-found'
  static message = 'There is no such address.'
}

/** A finished task can't be cancelled. */
export class TaskFinished extends Exception {
  static status = 409
  static code = 'task-finished'

  constructor(status: string) {
    super(`The task has ${status} already.`)
  }
}

/** Only a finished task can be forgotten. */
export class TaskLive extends Exception {
  static status = 409
  static code = 'task-live'

  constructor(status: string) {
    super(`The task is ${status}. Cancel it first, or wait for its end.`)
  }
}

/** The task is no longer as the client has seen it (`If-Match`). */
export class PreconditionFailed extends Exception {
  static status = 412
  static code = 'precondition-failed'

  constructor(etag: string) {
    super(`The task has moved on: its ETag is ${etag} now.`)
  }
}

/** Only a task that ended without success can be retried. */
export class NotRetryable extends Exception {
  static status = 409
  static code = 'not-retryable'

  constructor(status: string) {
    super(`Only a failed or cancelled task can be retried. This one is ${status}.`)
  }
}

/** The header can't be read as a key. */
export class InvalidIdempotencyKey extends Exception {
  static status = 400
  static code = 'invalid-idempotency-key'

  constructor(longest: number) {
    super(`Idempotency-Key must be one string of 1 to ${longest} printable ASCII characters.`)
  }
}

/** The address exists, but not for this method. */
export class MethodNotAllowed extends Exception {
  static status = 405
  static code = 'method-not-allowed'
  static headers = ['Allow'] as const

  constructor(method: string, allowed: readonly string[]) {
    super(`${method} can't be done here. What can: ${allowed.join(', ')}.`)
  }
}

/** The result of a task that still lives. Comes with `Retry-After`. */
export class ResultNotReady extends Exception {
  static status = 409
  static code = 'result-not-ready'
  static headers = ['Retry-After'] as const

  constructor(status: string) {
    super(`The task is ${status}; its result is there once it is completed.`)
  }
}

/**
 * The result of a task that ended without one, and never will have one: hence 422 and not 409, which
 * says to try again. Its `code` and message are those with which the task ended.
 */
export class EndedWithoutResult extends Exception {
  static status = 422

  constructor({ code, message }: { code: string; message: string }) {
    super(message, { code })
  }
}

/** The file of a result is no longer where it was put. */
export class ResultFileMissing extends Exception {
  static status = 404
  static code = 'result-file-missing'
  static message = 'The file of this result is no longer on the disk of the server.'
}

/** A range that lies behind the end of the file. Comes with `Content-Range` (RFC 9110 §14.4). */
export class RangeNotSatisfiable extends Exception {
  static status = 416
  static code = 'range-not-satisfiable'
  static headers = ['Accept-Ranges', 'Content-Range'] as const

  constructor(size: number) {
    super(`The file has ${size} bytes.`)
  }
}

/** Unknown and not this owner's look the same. */
export class DatasetNotFound extends Exception {
  static status = 404
  static code = 'dataset-not-found'
  static message = 'There is no such dataset.'
}

/** A live task works with the dataset. */
export class DatasetInUse extends Exception {
  static status = 409
  static code = 'dataset-in-use'
  static headers = ['Retry-After'] as const
  static message = 'A task that is queued or running works with this dataset.'
  readonly retryAfter = 10
}

/** The body is neither JSON nor multipart. */
export class UnsupportedBody extends Exception {
  static status = 415
  static code = 'unsupported-media-type'
  static message = 'Send application/json, or multipart/form-data with the parts type, input, file.'
}

/** JSON comes as UTF-8 and as nothing else (RFC 8259 §8.1). */
export class UnsupportedCharset extends Exception {
  static status = 415
  static code = 'unsupported-media-type'

  constructor(charset: string) {
    super(`JSON is read as UTF-8, not as ${charset}.`)
  }
}

/** There is no body where it is said to be JSON. */
export class EmptyBody extends Exception {
  static status = 400
  static code = 'malformed-json'
  static message = 'The body is empty.'
}

/** The bytes of a JSON body are no text. */
export class NotUtf8 extends Exception {
  static status = 400
  static code = 'malformed-json'
  static message = 'The body is not valid UTF-8.'
}

/** Nobody could say which of the two is meant (RFC 8259 §4). */
export class DuplicateKey extends Exception {
  static status = 400
  static code = 'duplicate-key'

  constructor(key: string) {
    super(`The key ${JSON.stringify(key.slice(0, 100))} comes twice in one object.`)
  }
}

/** The multipart body can't be taken apart. */
export class MalformedMultipart extends Exception {
  static status = 400
  static code = 'malformed-multipart'

  constructor(cause: unknown) {
    super('The multipart body is broken.', { cause })
  }
}

/** Nothing came for too long while the body was read. */
export class UploadIdle extends Exception {
  static status = 408
  static code = 'upload-idle'
  static message = 'The upload stood still for too long.'
}

/** Whom a request is for has to be said (RFC 9112 §3.2). */
export class MissingHost extends Exception {
  static status = 400
  static code = 'missing-host'
  static message = 'The header Host is missing.'
}

/** The request came under a name that isn't this server's. */
export class ForeignHost extends Exception {
  static status = 403
  static code = 'foreign-host'

  constructor(host: string) {
    super(`"${host}" is not this server's own name. If it is, set APP_URL to the address in use.`)
  }
}

/** A website that nobody allowed calls the API. */
export class ForeignOrigin extends Exception {
  static status = 403
  static code = 'foreign-origin'

  constructor(origin: string) {
    super(`The website ${origin} may not use this server. To allow it, add it to CORS_ORIGINS.`)
  }
}

/** There is no open stream with this uid, or it is somebody else's. */
export class StreamNotFound extends Exception {
  static status = 404
  static code = 'stream-not-found'
  static message = 'There is no open stream with this uid. Open it first.'
}

/** The uid belongs to somebody else's stream. */
export class StreamTaken extends Exception {
  static status = 409
  static code = 'stream-taken'
  static message = 'This uid is in use. Choose one that can not be guessed.'
}

/** Nobody may subscribe to this channel. */
export class ChannelDenied extends Exception {
  static status = 400
  static code = 'channel-denied'
  static message = 'There is no such channel. There are long-task/<id> and long-tasks.'
}

/** A stream is subscribed to as many channels as it may be. */
export class TooManyChannels extends Exception {
  static status = 429
  static code = 'too-many-channels'
  static message = 'The stream has too many channels. Unsubscribe from some, or watch long-tasks.'
  readonly retryAfter = 30
}
