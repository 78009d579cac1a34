import { BaseSchema } from '@adonisjs/lucid/schema'

/** What tasks have logged: the newest lines of each, in the order of `seq`. */
export default class extends BaseSchema {
  protected tableName = 'task_logs'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.uuid('task_id').notNullable().references('tasks.id').onDelete('cascade')
      table.bigInteger('seq').notNullable()
      table.integer('attempt').notNullable()
      table.string('level', 8).notNullable()
      table.text('message').notNullable()
      table.timestamp('time').notNullable()
      table.primary(['task_id', 'seq'])
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
