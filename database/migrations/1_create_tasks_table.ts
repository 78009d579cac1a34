import { BaseSchema } from '@adonisjs/lucid/schema'

/**
 * `seq` gives the order of creation, which neither a client-chosen id nor a date can give.
 * Times are ISO 8601 text with milliseconds on SQLite. JSON is text.
 */
export default class extends BaseSchema {
  protected tableName = 'tasks'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.bigIncrements('seq')
      table.uuid('id').notNullable().unique()
      table.string('owner').notNullable()
      table.string('type').notNullable()
      table.string('status', 16).notNullable()
      table.text('input').notNullable()
      table.text('file')
      table.string('fingerprint', 64).notNullable()

      table.double('progress')
      table.string('message', 500)
      table.double('current')
      table.double('total')
      table.string('unit', 40)
      table.double('rate')
      table.double('eta_seconds')
      table.string('eta_basis', 16)

      table.bigInteger('version').notNullable()
      table.bigInteger('claim').notNullable().defaultTo(0)
      table.uuid('runner_id')
      table.integer('attempt').notNullable().defaultTo(0)
      table.integer('max_attempts').notNullable().defaultTo(1)
      table.timestamp('next_attempt_at')
      table.integer('interruptions').notNullable().defaultTo(0)
      table.uuid('retry_of')
      table.text('checkpoint')
      table.text('result')
      table.text('error')

      table.timestamp('cancel_requested_at')
      table.timestamp('expires_at')
      table.timestamp('created_at').notNullable()
      table.timestamp('started_at')
      table.timestamp('updated_at').notNullable()
      table.timestamp('finished_at')

      table.index(['status', 'next_attempt_at', 'seq'])
      // Few tasks have these: the others cost nothing.
      for (const columns of [['status', 'expires_at'], ['status', 'runner_id'], ['finished_at']]) {
        const last = columns[columns.length - 1]
        table.index(columns, undefined, { predicate: this.db.knexQuery().whereNotNull(last) })
      }
      table.index(['owner', 'seq'])
      table.index(['owner', 'status', 'seq'])
      table.index(['owner', 'type', 'seq'])
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
