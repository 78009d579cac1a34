import { BaseSchema } from '@adonisjs/lucid/schema'

/** The processes that execute tasks. `busy_since` is set while their event loop is blocked. */
export default class extends BaseSchema {
  protected tableName = 'runners'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.uuid('id').primary()
      table.string('host').notNullable()
      table.integer('pid').notNullable()
      table.timestamp('started_at').notNullable()
      table.timestamp('busy_since')
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
