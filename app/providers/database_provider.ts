import env from '#start/env'
import { access, constants, mkdir } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { Exception } from '@adonisjs/core/exceptions'
import type { ApplicationService } from '@adonisjs/core/types'

/** The state of the application can't be kept where the settings say. One line that says why. */
class BadStatePath extends Exception {
  static code = 'E_BAD_STATE_PATH'
}

/**
 * Makes sure, before SQLite opens, that the folders of the state exist and can be written; in
 * production also that they lie outside `build/`, which every build wipes.
 */
export default class DatabaseProvider {
  constructor(protected app: ApplicationService) {}

  async boot() {
    if (this.app.getMode() === 'warmup') return
    await this.#prepare('SQLITE_PATH', env.get('SQLITE_PATH'), dirname)
    await this.#prepare('STORAGE_PATH', env.get('STORAGE_PATH'), (path) => path)
  }

  async #prepare(name: string, path: string, folderOf: (path: string) => string) {
    if (this.app.inProduction && !isAbsolute(path)) {
      throw new BadStatePath(
        `${name}=${path} must be an absolute path in production: build/ is wiped by every build.`
      )
    }
    const folder = folderOf(this.app.makePath(path))
    try {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new BadStatePath(`${name}=${path} can't be written: ${reason}`, { cause: error })
    }
  }
}
