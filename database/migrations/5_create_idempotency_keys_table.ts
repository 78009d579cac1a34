import { BaseSchema } from '@adonisjs/lucid/schema'

/** Which task a request has made under its `Idempotency-Key`. */
export default class extends BaseSchema {
  protected tableName = 'idempotency_keys'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.string('owner').notNullable()
      table.string('key').notNullable()
      table.string('fingerprint', 64).notNullable()
      table.uuid('task_id').notNullable()
      table.timestamp('expires_at').notNullable()
      table.primary(['owner', 'key'])
      table.index(['expires_at'])
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
