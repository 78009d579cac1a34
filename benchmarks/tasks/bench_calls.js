import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { setImmediate } from 'node:timers/promises'

/** Calls `progress` so many times, lets the loop breathe every 10,000, and says what it took. */
export default class BenchCalls extends LongTask {
  static type = 'bench-calls'
  static description = 'Measures what one call of progress costs'
  static input = vine.create({ calls: vine.number() })

  async run() {
    const { calls } = this.input
    const before = process.cpuUsage()
    const since = performance.now()
    for (let call = 0; call < calls; call++) {
      this.progress((call / calls) * 100, 'working')
      if (call % 10_000 === 0) await setImmediate()
    }
    const { user, system } = process.cpuUsage(before)
    return { time: ((performance.now() - since) * 1000) / calls, cpu: (user + system) / calls }
  }
}
