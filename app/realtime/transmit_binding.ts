import type { Hub } from '#realtime/hub'
import type { HttpContext } from '@adonisjs/core/http'
import type { ContainerBindings } from '@adonisjs/core/types'

const CHANNEL = /^long-task\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** The task that a Transmit channel carries, `null` for any other channel. */
export function taskOf(channel: string): string | null {
  return CHANNEL.exec(channel)?.[1] ?? null
}

/**
 * Lets Transmit keep its routes, its authorisation and its client, and hands its streams to the hub,
 * which does the writing. The listeners must not throw: Transmit would not catch it.
 */
export function bindTransmit(
  transmit: ContainerBindings['transmit'],
  hub: Hub,
  ownerOf: (ctx: HttpContext) => string
): void {
  transmit.on('connect', ({ uid, context }) => {
    hub.connect(uid, ownerOf(context), context.response.response)
  })
  transmit.on('disconnect', ({ uid, context }) => hub.disconnect(uid, context.response.response))
  transmit.on('subscribe', ({ uid, channel, context }) => {
    const id = taskOf(channel)
    if (id) void hub.subscribe(uid, id, context.response.response)
  })
  transmit.on('unsubscribe', ({ uid, channel }) => {
    const id = taskOf(channel)
    if (id) hub.unsubscribe(uid, id)
  })
}
