import { BaseSchema } from '@adonisjs/lucid/schema'

/** What `import-csv` loads: one row a record, and the first bad lines of each import. */
export default class extends BaseSchema {
  async up() {
    this.schema.createTable('dataset_rows', (table) => {
      table.uuid('task_id').notNullable()
      table.string('dataset').notNullable()
      table.integer('line').notNullable()
      table.text('data').notNullable()
      table.primary(['task_id', 'line'])
    })
    this.schema.createTable('dataset_rejects', (table) => {
      table.uuid('task_id').notNullable().references('tasks.id').onDelete('cascade')
      table.integer('line').notNullable()
      table.string('reason', 500).notNullable()
      table.primary(['task_id', 'line'])
    })
  }

  async down() {
    this.schema.dropTable('dataset_rejects')
    this.schema.dropTable('dataset_rows')
  }
}
