import { BaseSchema } from '@adonisjs/lucid/schema'

/**
 * One row for each import that has put rows into a dataset: what is there, without counting it.
 * `deleted_at` is set while the rows of a deleted dataset are being removed.
 */
export default class extends BaseSchema {
  protected tableName = 'dataset_imports'

  async up() {
    this.schema.createTable(this.tableName, (table) => {
      table.bigIncrements('seq')
      table.uuid('task_id').notNullable().unique()
      table.string('owner').notNullable()
      table.string('dataset').notNullable()
      table.text('columns').notNullable()
      table.integer('rows').notNullable()
      table.timestamp('created_at').notNullable()
      table.timestamp('updated_at').notNullable()
      table.timestamp('deleted_at')
      table.index(['owner', 'dataset', 'seq'])
    })
  }

  async down() {
    this.schema.dropTable(this.tableName)
  }
}
