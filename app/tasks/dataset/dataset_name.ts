import vine from '@vinejs/vine'

/**
 * The name of a dataset, for the input of a task type. A name is a part of a URL: `.` and `..` are
 * taken out of it by clients, and half a surrogate pair has no UTF-8.
 */
export function datasetName() {
  return vine
    .string()
    .trim()
    .minLength(1)
    .maxLength(100)
    .notIn(['.', '..'])
    .regex(/^[^\ud800-\udfff]+$/u)
}
