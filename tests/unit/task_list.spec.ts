import { test } from '@japa/runner'
import { turns, until } from '#tests/helpers/waiting'
import type { News } from '#realtime/news'
import { madeCut } from '#tests/helpers/made_cut'
import { TaskList, type TaskListFrame } from '#realtime/task_list'
import { setTimeout } from 'node:timers/promises'
import type { EventStream } from '#realtime/event_stream'

/** A list, its stream, and what that was sent. */
function listed(cleanup: (handler: () => void) => void) {
  const frames: TaskListFrame[] = []
  const stream = {
    owner: 'local',
    isFull: false,
    send: (_channel: string, { json }: News) => frames.push(JSON.parse(json)),
  }
  const list = new TaskList(stream as unknown as EventStream)
  cleanup(() => list.close())
  const versionsOf = (id: string) =>
    frames.flatMap(({ tasks }) => tasks.flatMap((task) => (task.id === id ? task.version : [])))
  return { list, frames, versionsOf, stream }
}

/** As many as hold up the reading. */
const page = (from = 0) =>
  Array.from({ length: 200 }, (_, at) => madeCut({ id: `${from + at}`, message: 'x'.repeat(400) }))
const older = madeCut({ id: 'a', version: 4 })
const newer = madeCut({ id: 'a', version: 5, status: 'completed' })

test.group('A list that is read', (group) => {
  group.each.timeout(5000)

  test('tells nothing meanwhile: what comes may be newer than what was read', async ({
    assert,
    cleanup,
  }) => {
    const { list, frames, versionsOf } = listed(cleanup)
    async function* pages() {
      list.take(newer)
      // It would have gone out at once.
      await setTimeout(20)
      assert.lengthOf(frames, 0)
      yield [older]
    }
    await list.load(pages())
    await until(() => versionsOf('a').length > 0)
    assert.deepEqual(versionsOf('a'), [5])
  })

  test('tells nothing either while the next page is read, when it had no room before', async ({
    assert,
    cleanup,
  }) => {
    const { list, frames, versionsOf } = listed(cleanup)
    async function* pages() {
      yield page()
      const before = frames.length
      assert.isAbove(before, 0)
      list.take(newer)
      // More than there is between two frames.
      await setTimeout(300)
      assert.lengthOf(frames, before)
      yield [older]
    }
    await list.load(pages())
    await until(() => versionsOf('a').length > 0)
    assert.deepEqual(versionsOf('a'), [5])
  })

  for (const [end, why] of [
    ['leave', 'it is to be told anew'],
    ['close', 'its watcher has gone'],
  ] as const) {
    test(`is read no further when ${why}`, async ({ assert, cleanup }) => {
      const { list, stream } = listed(cleanup)
      // Its reader takes nothing: it waits for room.
      stream.isFull = true
      let read = 0
      async function* pages() {
        for (;;) yield page(200 * read++)
      }
      const loading = list.load(pages())
      await until(() => read === 1)
      await turns(2)
      list[end]()
      await loading
      assert.equal(read, 1)
    })
  }
})
