import vine from '@vinejs/vine'

/** `GET /datasets`. */
export const listDatasetsValidator = vine.create({
  cursor: vine
    .string()
    .regex(/^[A-Za-z0-9_-]{1,540}$/)
    .optional(),
  limit: vine.number().withoutDecimals().range([1, 100]).optional(),
})
