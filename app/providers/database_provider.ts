import env from '#start/env'
import SQLite from 'better-sqlite3'
import { dirname } from 'node:path'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { makeStateFolder } from '#start/state_folder'
import { Exception } from '@adonisjs/core/exceptions'
import type { ApplicationService } from '@adonisjs/core/types'

/** The state of the application can't be kept where the settings say. One line that says why. */
class BadStatePath extends Exception {
  static code = 'E_BAD_STATE_PATH'
}

/**
 * Makes sure, before anything uses the state, that the database and the folder of the files can be
 * written, and says where they are.
 */
export default class DatabaseProvider {
  constructor(protected app: ApplicationService) {}

  boot() {
    if (this.app.getMode() === 'warmup') return
    this.#check('SQLITE_PATH', (path) => {
      makeStateFolder(dirname(path))
      // SQLite would put its journal beside a device.
      if (existsSync(path) && !statSync(path).isFile()) throw new Error('it is not a file')
      const database = new SQLite(path)
      // What the pool does; that would wait, try again and warn with a stack trace of its own.
      database.pragma('journal_mode = WAL')
      // A file that may only be read lets begin whatever does not write.
      database.exec('begin immediate; pragma user_version = 0; rollback').close()
    })
    this.#check('STORAGE_PATH', (path) => {
      makeStateFolder(path)
      accessSync(path, constants.W_OK)
    })
  }

  async ready() {
    if (this.app.getEnvironment() !== 'web' || this.app.getMode() === 'warmup') return
    const logger = await this.app.container.make('logger')
    const database = this.app.makePath(env.get('SQLITE_PATH'))
    const storage = this.app.makePath(env.get('STORAGE_PATH'))
    logger.info(`data is kept in SQLITE_PATH=${database} and STORAGE_PATH=${storage}`)
  }

  #check(name: 'SQLITE_PATH' | 'STORAGE_PATH', tryOut: (path: string) => void) {
    const path = this.app.makePath(env.get(name))
    try {
      tryOut(path)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new BadStatePath(`${name}=${path} can't be used: ${reason}.`, { cause: error })
    }
  }
}
