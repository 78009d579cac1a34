import vine from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { TaskError } from '#engine/errors'

/** The classic: counts to `steps` and waits `stepMs` milliseconds at each. */
export default class Simulate extends LongTask<typeof Simulate.input, { steps: number }> {
  static type = 'simulate'
  static description = 'Counts from 0 to 100 percent in steps, to try things out'
  static input = vine.create({
    steps: vine.number({ strict: true }).withoutDecimals().range([1, 1_000_000]).optional(),
    stepMs: vine.number({ strict: true }).range([0, 60_000]).optional(),
    failAt: vine.number({ strict: true }).withoutDecimals().range([1, 1_000_000]).optional(),
  })

  async run() {
    const { steps = 100, stepMs = 100, failAt } = this.input

    for await (const step of this.each(upTo(steps), { total: steps, unit: 'steps' })) {
      if (stepMs > 0) await this.sleep(stepMs)
      if (step === failAt) {
        throw new TaskError('simulated-failure', `Failed at step ${step}, as asked`)
      }
    }
    return { steps }
  }
}

function* upTo(steps: number) {
  for (let step = 1; step <= steps; step++) yield step
}
