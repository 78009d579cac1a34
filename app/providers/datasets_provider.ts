import { DatasetPurge } from '#models/dataset_purge'
import type { ApplicationService } from '@adonisjs/core/types'

/** Wires the removal of deleted datasets: goes on at the start, pauses at the end. */
export default class DatasetsProvider {
  constructor(protected app: ApplicationService) {}

  register() {
    this.app.container.singleton(
      DatasetPurge,
      async (resolver) => new DatasetPurge(await resolver.make('logger'))
    )
  }

  async ready() {
    if (this.app.getEnvironment() !== 'web' || this.app.getMode() === 'warmup') return
    const purge = await this.app.container.make(DatasetPurge)
    this.app.terminating(() => purge.stop())
    purge.wake()
  }
}
