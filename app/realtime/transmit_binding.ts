import type { Hub } from '#realtime/hub'
import type { Logger } from '@adonisjs/core/logger'
import type { ContainerBindings } from '@adonisjs/core/types'

type Transmit = ContainerBindings['transmit']
type Payload = Parameters<Transmit['broadcast']>[1]

/**
 * Lets Transmit keep its routes, its authorisation, its bus and its client, and hands its streams
 * and its broadcasts to the hub, which does the writing. Transmit catches nothing that a listener
 * throws: it is logged here.
 */
export function bindTransmit(transmit: Transmit, hub: Hub, logger: Logger): void {
  const logged =
    <Event>(listen: (event: Event) => unknown) =>
    async (event: Event) => {
      try {
        await listen(event)
      } catch (error) {
        logger.error({ err: error }, 'what happened to a stream could not be handled')
      }
    }

  transmit.on(
    'connect',
    logged(({ uid, context }) => {
      // Through the front door: what the uid had before is authorised again.
      const channels = hub.streams.begin(uid, context.response.response)
      return Promise.all(channels.map((channel) => transmit.subscribe({ uid, channel, context })))
    })
  )
  transmit.on(
    'subscribe',
    logged(({ uid, channel, context }) => {
      const stream = hub.streams.find(uid)
      return stream && hub.subscribe(stream, channel, context.response.response)
    })
  )
  transmit.on(
    'unsubscribe',
    logged(({ uid, channel }) => {
      const stream = hub.streams.find(uid)
      if (stream) hub.unsubscribe(stream, channel)
    })
  )
  bindBroadcasts(transmit, hub)
}

/**
 * Transmit finds one subscriber to every channel, the hub; so its own streams carry nothing, also of
 * what comes over the bus. A payload that is no JSON throws at the caller, before the bus or a stream
 * sees it, and what happens to it afterwards is not seen.
 */
function bindBroadcasts(transmit: Transmit, hub: Hub): void {
  const broadcast = transmit.broadcast.bind(transmit)
  const findByChannel = (channel: string) => [
    {
      getUid: () => '',
      writeMessage: ({ data }: { data: { payload: unknown } }) =>
        hub.broadcast(channel, data.payload),
    },
  ]
  Object.assign(transmit.getManager(), { findByChannel })
  transmit.broadcast = (channel, payload) => broadcast(channel, copy(payload))
  transmit.broadcastExcept = (channel, payload, uids) =>
    hub.broadcast(channel, payload, [uids].flat())
  transmit.getSubscribersFor = (channel) => hub.subscribers(channel)
}

function copy(payload: Payload | undefined): Payload {
  return JSON.parse(JSON.stringify(payload ?? null)) as Payload
}
