import { BaseSchema } from '@adonisjs/lucid/schema'

/** What completed runs of a task type taught about how long the next one takes. */
export default class extends BaseSchema {
  protected tableName = 'progress_curves'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.string('type').primary()
      table.text('curve').notNullable()
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
