import { column } from '@adonisjs/lucid/orm'
import { TaskFileSchema } from '#database/schema'

/** A file that a task has left behind: its row in `task_files`. */
export default class TaskFile extends TaskFileSchema {
  static primaryKey = 'key'
  static selfAssignPrimaryKey = true

  // Lucid would look for `sha_256`.
  @column({ columnName: 'sha256' })
  declare sha256: string
}
