import vine, { SimpleMessagesProvider } from '@vinejs/vine'
import { statuses } from '#engine/status'

/** A UUID of any version, lower case: one spelling, one task. */
export const taskId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** `POST /tasks`. The input is checked by its type's own schema. */
export const startTaskValidator = vine.create({
  type: vine.string().maxLength(100),
  input: vine.object({}).allowUnknownProperties().optional(),
  id: vine.string().regex(taskId).optional(),
})

startTaskValidator.messagesProvider = new SimpleMessagesProvider({
  '.object': 'The body must be an object',
  'id.regex': 'The id field must be a UUID in lower case',
})

/** `GET /tasks`. */
export const listTasksValidator = vine.create({
  status: vine.enum(statuses).optional(),
  type: vine.string().maxLength(100).optional(),
  cursor: vine
    .string()
    .regex(/^[A-Za-z0-9_-]{1,24}$/)
    .optional(),
  limit: vine.number().withoutDecimals().range([1, 100]).optional(),
})

/** `GET /tasks/:id/logs`. */
export const logPageValidator = vine.create({
  after: vine.number().withoutDecimals().range([0, Number.MAX_SAFE_INTEGER]).optional(),
  limit: vine.number().withoutDecimals().range([1, 1000]).optional(),
})
