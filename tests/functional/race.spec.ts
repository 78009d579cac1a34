import { test } from '@japa/runner'
import { Hub } from '#realtime/hub'
import { randomUUID } from 'node:crypto'
import { RawStream } from '#tests/helpers/sse'
import { TaskTable } from '#engine/task_table'
import { ProgressWriter } from '#engine/progress_writer'
import db from '@adonisjs/lucid/services/db'
import { EventStream } from '#realtime/event_stream'
import type { Snapshot } from '#engine/snapshot'
import { endOf, turns, until } from '#tests/helpers/waiting'
import { scriptInput, theEngine } from '#tests/helpers/scripted'

/**
 * The race of transmit.md §4.1 on the production classes: a client joins at a random moment of a
 * short task; the table and the subscription get seeded delays, progress is written at random
 * moments; the client renders what comes last.
 * A naive protocol is the same code with one seam switched off.
 */
type Seam = { undo(): void }
type Method = (this: unknown, ...args: never[]) => unknown

/** Replaces a method of a production class; the replacement gets the original. */
function seam(owner: object, name: string, make: (original: Method) => Method): Seam {
  const methods = owner as Record<string, Method>
  const original = methods[name]
  methods[name] = make(original)
  return { undo: () => (methods[name] = original) }
}

function randomBy(seed: number) {
  let state = seed >>> 0
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Up to ten turns of the event loop before and after the method. */
function delayed(owner: object, name: string, random: (below: number) => number): Seam {
  return seam(
    owner,
    name,
    (original) =>
      async function (this: unknown, ...args) {
        await turns(random(10))
        const result = await original.apply(this, args)
        await turns(random(10))
        return result
      }
  )
}

const noSnapshot = () => seam(Hub.prototype, 'catchUp', () => async () => {})
const noGuard = () => seam(EventStream.prototype, 'isStale', () => () => false)

/** Told first, written afterwards. */
function toldFirst(random: (below: number) => number): Seam {
  return seam(
    TaskTable.prototype,
    'finish',
    (original) =>
      async function (this: unknown, ...args) {
        const written = turns(random(20)).then(() => original.apply(this, args))
        writes.push(written)
        return true
      }
  )
}

/** Has the writer write now and then, not at the ticks that a short task does not live to see. */
function writtenAtAnyTime(random: (below: number) => number): Seam {
  return seam(
    ProgressWriter.prototype,
    'note',
    (original) =>
      function (this: unknown, ...args) {
        original.apply(this, args)
        if (random(2) === 0) return
        const writer = this as ProgressWriter
        writes.push(turns(random(10)).then(() => writer.save()))
      }
  )
}

/** Late, and without looking at what the row has become. */
function unfenced(random: (below: number) => number): Seam {
  return seam(
    TaskTable.prototype,
    'saveProgress',
    () =>
      async function (changed: Parameters<TaskTable['saveProgress']>[0]) {
        await turns(random(20))
        for (const { state } of changed) {
          const { id, version, progress } = state
          await db.from('tasks').where({ id }).update({ version, progress })
        }
      } as Method
  )
}

const writes: Promise<unknown>[] = []

interface Join {
  url: string
  stream: RawStream
  random: (below: number) => number
}

/** One task, one client; gives what the client shows in the end. */
async function interleaving(
  { url, stream, random }: Join,
  protocol: 'snapshot-pushed' | 'get-then-subscribe' | 'subscribe-then-get' | 'subscribe-get-guard'
): Promise<{ id: string; shown: () => Snapshot | undefined }> {
  const engine = await theEngine()
  const id = randomUUID()
  const steps = 1 + random(4)
  const input = scriptInput(async (task) => {
    for (let step = 1; step <= steps; step++) {
      await turns(random(6))
      task.progress((step / (steps + 1)) * 100)
    }
  })
  let fetched: { at: number; snapshot: Snapshot } | undefined
  const get = async () => {
    const answer = await fetch(`${url}/tasks/${id}/progress`)
    const snapshot = (await answer.json()) as Snapshot
    // The answer is as long on its way as a frame can be.
    await turns(random(20))
    fetched = { at: stream.frames.length, snapshot }
  }

  await engine.start({ owner: 'local', type: 'scripted', input, id })
  await turns(random(25))
  if (protocol === 'get-then-subscribe') await get()
  await stream.subscribe(id)
  if (protocol.startsWith('subscribe-')) await get()

  const newest = () =>
    [...stream.of(id), ...(fetched ? [fetched.snapshot] : [])]
      .toSorted((a, b) => a.version - b.version)
      .at(-1)
  // Last arrival wins: the frames after the answer to GET, else that answer, else the frames before.
  const shown = () => {
    const later = stream.frames.slice(fetched?.at ?? 0).filter((f) => f.payload.id === id)
    return later.at(-1)?.payload ?? fetched?.snapshot
  }
  return { id, shown: protocol === 'subscribe-get-guard' ? newest : shown }
}

async function countStale(
  url: string,
  options: {
    runs: number
    protocol: Parameters<typeof interleaving>[1]
    off?: 'guard' | 'order' | 'fence'
    /** One stale client is enough. */
    untilStale?: boolean
  }
): Promise<{ stale: number; backwards: number }> {
  const random = randomBy(20261122)
  const seams = [
    delayed(TaskTable.prototype, 'find', random),
    delayed(TaskTable.prototype, 'findMany', random),
    delayed(TaskTable.prototype, 'claim', random),
    options.off === 'order' ? toldFirst(random) : delayed(TaskTable.prototype, 'finish', random),
    options.off === 'fence'
      ? unfenced(random)
      : delayed(TaskTable.prototype, 'saveProgress', random),
    writtenAtAnyTime(random),
    // The repetition would heal what the protocol itself must get right.
    seam(Hub.prototype, 'echo', () => () => {}),
  ]
  if (options.off === 'guard') seams.push(noGuard())
  if (options.protocol !== 'snapshot-pushed') seams.push(noSnapshot())

  let stale = 0
  let backwards = 0
  const width = 20
  try {
    for (let done = 0; done < options.runs; done += width) {
      if (options.untilStale && stale > 0) break
      const stream = await RawStream.open(url)
      const clients = await Promise.all(
        Array.from({ length: width }, () => interleaving({ url, stream, random }, options.protocol))
      )
      const ends = await Promise.all(clients.map(({ id }) => endOf(id)))
      await Promise.all(writes.splice(0))
      await settled(stream)
      for (const [index, { id, shown }] of clients.entries()) {
        if (shown()?.version !== ends[index].version) stale++
        const versions = stream.of(id).map((snapshot) => snapshot.version)
        if (versions.some((version, at) => at > 0 && version < versions[at - 1])) backwards++
      }
      stream.close()
    }
  } finally {
    for (const each of seams) each.undo()
  }
  return { stale, backwards }
}

/** Everything that was on its way has arrived: turns for the catch-ups, a last frame behind them. */
async function settled(stream: RawStream): Promise<void> {
  await turns(60)
  const engine = await theEngine()
  const marker = randomUUID()
  await stream.subscribe(marker)
  await engine.start({
    owner: 'local',
    type: 'scripted',
    input: scriptInput(async () => {}),
    id: marker,
  })
  // Without the guard an older frame may come behind it.
  await until(() => stream.of(marker).some(({ status }) => status === 'completed'))
}

test.group('The race between joining and ending', (group) => {
  let url: string
  group.setup(() => {
    url = `http://${process.env.HOST}:${process.env.PORT}`
  })
  group.each.timeout(240_000)

  test('a client that joins at any moment ends on the last state: 3,000 interleavings', async ({
    assert,
  }) => {
    const found = await countStale(url, { runs: 3000, protocol: 'snapshot-pushed' })
    assert.deepEqual(found, { stale: 0, backwards: 0 })
  })

  test('one that subscribes first, reads then, and minds the versions does, too', async ({
    assert,
  }) => {
    const { stale } = await countStale(url, { runs: 3000, protocol: 'subscribe-get-guard' })
    assert.equal(stale, 0)
  })

  test('the same without the version guard ends on stale states', async ({ assert }) => {
    const { stale } = await countStale(url, {
      runs: 10_000,
      untilStale: true,
      protocol: 'snapshot-pushed',
      off: 'guard',
    })
    assert.isAbove(stale, 0)
  })

  test('the same when the end is told before it is written ends on stale states', async ({
    assert,
  }) => {
    const { stale } = await countStale(url, {
      runs: 10_000,
      untilStale: true,
      protocol: 'snapshot-pushed',
      off: 'order',
    })
    assert.isAbove(stale, 0)
  })

  test('the same when progress is written whatever the row has become ends on stale states', async ({
    assert,
  }) => {
    const { stale } = await countStale(url, {
      runs: 10_000,
      untilStale: true,
      protocol: 'snapshot-pushed',
      off: 'fence',
    })
    assert.isAbove(stale, 0)
  })

  test('reading first and subscribing then ends on stale states', async ({ assert }) => {
    const { stale } = await countStale(url, {
      runs: 10_000,
      untilStale: true,
      protocol: 'get-then-subscribe',
    })
    assert.isAbove(stale, 0)
  })

  test('subscribing first and reading then, last arrival wins, ends on stale states', async ({
    assert,
  }) => {
    const { stale } = await countStale(url, {
      runs: 10_000,
      untilStale: true,
      protocol: 'subscribe-then-get',
    })
    assert.isAbove(stale, 0)
  })
})
