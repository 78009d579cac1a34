import { Exception } from '@adonisjs/core/exceptions'

/** The file of the settings is there and can't be read. One line that says why. */
export class BadEnvFile extends Exception {
  static code = 'E_BAD_ENV_FILE'

  /** Makes one of the system's errors, and passes all others on. */
  static rethrow(error: NodeJS.ErrnoException): never {
    if (!error.syscall) throw error
    const message = `The settings in ${error.path ?? '.env'} can't be read: ${error.message}.`
    throw new BadEnvFile(message, { cause: error })
  }
}
