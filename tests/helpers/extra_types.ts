/*
| Loaded into a server under test: further task types, which do what no sane one does.
*/

import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { TaskTypes } from '#engine/task_types'
import { setTimeout } from 'node:timers/promises'

const input = vine.create({ seconds: vine.number() })

/** Holds the event loop. */
class Spin extends LongTask<typeof input> {
  static type = 'spin'
  static description = 'Burns CPU'
  static input = input

  async run() {
    this.progress(1)
    await setTimeout(1500)
    const until = performance.now() + this.input.seconds * 1000
    while (performance.now() < until);
    await this.commit(1, (trx) =>
      trx.table('dataset_rows').insert({ dataset: 'spin', data: '{}', task_id: this.id, line: 1 })
    )
  }
}

/** Hears nothing. */
class Deaf extends LongTask<typeof input> {
  static type = 'deaf'
  static description = 'Ignores its signal'
  static input = input
  static attempts = 2

  async run() {
    await setTimeout(this.input.seconds * 1000)
  }
}

/** Hears it late, and has one attempt. */
class Sluggish extends LongTask<typeof input> {
  static type = 'sluggish'
  static description = 'Looks at its signal at the end'
  static input = input

  async run() {
    await setTimeout(this.input.seconds * 1000)
    this.signal.throwIfAborted()
  }
}

/** Holds the one connection to the database. */
class Hold extends LongTask<typeof input> {
  static type = 'hold'
  static description = 'Never ends its commit'
  static input = input
  static attempts = 2

  async run() {
    this.progress(1)
    await this.commit(1, () => setTimeout(this.input.seconds * 1000))
  }
}

/** Takes the whole process down. */
class Poison extends LongTask<typeof input> {
  static type = 'poison'
  static description = 'Kills the server'
  static input = input
  static attempts = 2

  async run() {
    await setTimeout(this.input.seconds * 1000)
    process.kill(process.pid, 'SIGKILL')
    await setTimeout(60_000)
  }
}

/** Fails at its first attempt. */
class Failing extends LongTask<typeof input> {
  static type = 'failing'
  static description = 'Succeeds at the second attempt'
  static input = input
  static attempts = 2
  static backoff = { first: '4s', longest: '4s' }

  async run() {
    if (this.attempt === 1) throw new Error('not yet')
  }
}

/** The same, with a long wait in between. */
class FailingSlowly extends Failing {
  static type = 'failing-slowly'
  static backoff = { first: '1h', longest: '1h' }
}

const { load } = TaskTypes
TaskTypes.load = async (folder) => {
  const types = await load.call(TaskTypes, folder)
  for (const type of [Spin, Deaf, Sluggish, Hold, Poison, Failing, FailingSlowly])
    types.add(type, import.meta.filename)
  return types
}
