import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { setTimeout as delay } from 'node:timers/promises'

/** Reports every 100 ms, from `offset` ms on, the time of the report in its message. */
export default class BenchClock extends LongTask {
  static type = 'bench-clock'
  static description = 'Measures how long a report takes to its watcher'
  static input = vine.create({
    /** Milliseconds since the epoch. */
    begin: vine.number(),
    reports: vine.number(),
  })

  async run() {
    const { begin, reports } = this.input
    await delay(begin - Date.now())
    const since = performance.now()
    for (let report = 1; report <= reports; report++) {
      this.progress((report / reports) * 100, `@${process.hrtime.bigint()}@`)
      await delay(since + report * 100 - performance.now())
    }
  }
}
