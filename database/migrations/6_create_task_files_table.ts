import { BaseSchema } from '@adonisjs/lucid/schema'

/**
 * The files that tasks leave behind, each noted before it is stored, so that none is ever lost
 * sight of: a row outlives its task until the file is gone. `claim` says which run wrote it.
 */
export default class extends BaseSchema {
  protected tableName = 'task_files'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.string('key', 80).primary()
      table.uuid('task_id').notNullable().index()
      table.bigInteger('claim').notNullable()
      table.string('name').notNullable()
      table.string('content_type').notNullable()
      table.bigInteger('size').notNullable()
      table.string('sha256', 64).notNullable()
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
