import { errors } from '@vinejs/vine'

/** The error of one field that is wrong, as Vine throws it. */
export function refused(field: string, rule: string, message: string): Error {
  return new errors.E_VALIDATION_ERROR([{ field, rule, message }])
}

/** The same of one that nobody knows. */
export function unknown(field: string): Error {
  return refused(field, 'unknown', `The field ${field} is not known`)
}
