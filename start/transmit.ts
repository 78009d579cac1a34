import app from '@adonisjs/core/services/app'
import { Hub } from '#realtime/hub'
import { ownerOf } from '#start/owner'
import { Engine } from '#engine/engine'
import { middleware } from '#start/kernel'
import { taskOf } from '#realtime/transmit_binding'
import transmit from '@adonisjs/transmit/services/main'

await app.container.make(Hub)
const engine = await app.container.make(Engine)

transmit.registerRoutes((route) => route.use(middleware.transmitGuard()))

/** A task that doesn't exist yet may be awaited; one of somebody else may not be watched. */
transmit.authorize<{ id: string }>('long-task/:id', async (ctx, { id }) => {
  if (!taskOf(`long-task/${id}`)) return false
  const cut = await engine.cutOf(id)
  return cut === null || cut.owner === ownerOf(ctx)
})

/** Registered last: what no rule above allows is denied. */
transmit.authorize('*', () => false)
