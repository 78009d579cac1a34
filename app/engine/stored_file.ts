import vine from '@vinejs/vine'
import type { TaskInput } from '#engine/task_input'

const MEDIA_TYPE = 'application/octet-stream'

/** A file as its row and the clients know it. */
export interface StoredFileData {
  /** Its name below the uploads folder. */
  readonly key: string
  /** As the client called it; never used as a path. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** SHA-256 in hex, made while the file arrived. */
  readonly sha256: string
}

/** An uploaded file as its task gets it. */
export class StoredFile {
  readonly name: string
  readonly size: number
  readonly sha256: string

  constructor(
    data: StoredFileData,
    /** Absolute; the file is the task's for as long as the task is known. */
    readonly path: string
  ) {
    this.name = data.name
    this.size = data.size
    this.sha256 = data.sha256
  }
}

const isStoredFile = vine.createRule(
  (value, _options, field) => {
    if (!(value instanceof StoredFile)) {
      field.report('The {{ field }} must be uploaded as multipart/form-data', 'storedFile', field)
    }
  },
  {
    name: 'storedFile',
    toJSONSchema: (schema) => {
      delete schema.anyOf
      Object.assign(schema, {
        type: 'string',
        contentMediaType: MEDIA_TYPE,
        description: 'The uploaded file: the part `file` of a multipart/form-data request.',
      })
    },
  }
)

/** A Vine field for the file that was uploaded with the request. */
export function storedFile() {
  return vine
    .any()
    .use(isStoredFile())
    .transform((value) => value as StoredFile)
}

/** Whether a schema has a field for the uploaded file, be it in one case of a union only. */
export function takesFile(input: TaskInput): boolean {
  return JSON.stringify(input.toJSONSchema()).includes(`"contentMediaType":"${MEDIA_TYPE}"`)
}
