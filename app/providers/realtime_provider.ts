import env from '#start/env'
import { Hub } from '#realtime/hub'
import { Engine } from '#engine/engine'
import { Waiters } from '#realtime/waiters'
import { bindTransmit } from '#realtime/transmit_binding'
import type { ApplicationService } from '@adonisjs/core/types'

/** Wires live delivery: Transmit's streams to the hub, the engine's cuts to both. */
export default class RealtimeProvider {
  constructor(protected app: ApplicationService) {}

  register() {
    this.app.container.singleton(Hub, async (resolver) => {
      const logger = await resolver.make('logger')
      const hub = new Hub(await resolver.make(Engine), logger, {
        total: env.get('MAX_STREAMS'),
        perClient: env.get('MAX_STREAMS_PER_CLIENT'),
      })
      bindTransmit(await resolver.make('transmit'), hub, logger)
      hub.open()
      return hub
    })
    this.app.container.singleton(
      Waiters,
      async (resolver) => new Waiters(await resolver.make(Engine))
    )
  }

  /** Registered in `ready`, since the hooks run last first and the port closes behind the streams. */
  async ready() {
    if (this.app.getEnvironment() !== 'web' || this.app.getMode() === 'warmup') return
    const hub = await this.app.container.make(Hub)
    const waiters = await this.app.container.make(Waiters)
    this.app.terminating(() => {
      hub.close()
      waiters.close()
    })
  }
}
