import { test } from '@japa/runner'
import { QueueRoom } from '#engine/queue_room'
import { deferred } from '#tests/helpers/waiting'

test.group('Room for tasks that wait', () => {
  test('a start that ends while the table is counted is not forgotten', async ({ assert }) => {
    const counted = deferred<number>()
    const room = new QueueRoom({ limit: 2, count: () => counted.promise })
    await room.take(async () => ({ isNew: true }))
    const inserted = deferred<{ isNew: boolean }>()
    const second = room.take(() => inserted.promise)
    const third = room.take(async () => ({ isNew: true }))
    inserted.resolve({ isNew: true })
    await second
    // Read before the second one was there.
    counted.resolve(1)
    await assert.rejects(() => third, '2 tasks are waiting already. Try again later.')
  })
})
