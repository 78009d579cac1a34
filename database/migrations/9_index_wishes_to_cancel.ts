import { BaseSchema } from '@adonisjs/lucid/schema'

/** Which running tasks shall stop is asked every second: without looking at all that run. */
export default class extends BaseSchema {
  protected tableName = 'tasks'

  async up() {
    this.schema.alterTable(this.tableName, (table) => {
      table.index(['status', 'cancel_requested_at'], undefined, {
        predicate: this.db.knexQuery().whereNotNull('cancel_requested_at'),
      })
    })
  }

  async down() {
    this.schema.alterTable(this.tableName, (table) => {
      table.dropIndex(['status', 'cancel_requested_at'])
    })
  }
}
