import app from '@adonisjs/core/services/app'
import { Hub } from '#realtime/hub'
import { middleware } from '#start/kernel'
import { TASK_LIST, taskOf } from '#realtime/channels'
import transmit from '@adonisjs/transmit/services/main'

await app.container.make(Hub)

transmit.registerRoutes((route) => route.use([middleware.body(), middleware.transmitGuard()]))

/**
 * A task that doesn't exist yet may be awaited, and one of somebody else looks the same: the hub
 * sends nobody what he may not see.
 */
transmit.authorize<{ id: string }>(
  'long-task/:id',
  (_ctx, { id }) => taskOf(`long-task/${id}`) !== null
)

/** Everybody's own tasks. */
transmit.authorize(TASK_LIST, () => true)

/** Registered last: what no rule above allows is denied. */
transmit.authorize('*', () => false)
