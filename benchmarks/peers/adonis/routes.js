import { ticking } from '../ticker.js'
import router from '@adonisjs/core/services/router'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import transmit from '@adonisjs/transmit/services/main'
import { BaseModel, column } from '@adonisjs/lucid/orm'

const payload = JSON.parse(process.env.PAYLOAD ?? '{}')

transmit.registerRoutes()
ticking((channel) => transmit.broadcast(channel, payload))

router.get('progress/:id', () => payload)

class Row extends BaseModel {
  static table = 'rows'
  static selfAssignPrimaryKey = true
}
// Decorators, without TypeScript.
column({ isPrimary: true })(Row.prototype, 'id')
for (const name of ['type', 'input', 'status']) column()(Row.prototype, name)
column.dateTime({ autoCreate: true })(Row.prototype, 'createdAt')
column.dateTime({ autoCreate: true, autoUpdate: true })(Row.prototype, 'updatedAt')

await db.rawQuery(`create table rows (
  id char(36) primary key, type varchar(255) not null, input text not null,
  status varchar(255) not null, created_at datetime, updated_at datetime)`)

router.post('rows', async ({ request, response }) => {
  const { type, input } = request.body()
  const row = await Row.create({
    id: randomUUID(),
    type,
    input: JSON.stringify(input),
    status: 'queued',
  })
  return response.accepted(row)
})
