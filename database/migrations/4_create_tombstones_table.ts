import { BaseSchema } from '@adonisjs/lucid/schema'

/** The ids of tasks that were pruned: they stay taken, and their owner is told 410. */
export default class extends BaseSchema {
  protected tableName = 'tombstones'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.uuid('id').primary()
      table.string('owner').notNullable()
      table.timestamp('gone_at').notNullable()
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
