import app from '@adonisjs/core/services/app'
import { Hub } from '#realtime/hub'
import { Engine } from '#engine/engine'
import { Waiters } from '#realtime/waiters'

/**
 * What answers requests. Looked up once: to have the container inject them into a controller for
 * every request takes longer than a poll.
 */
export const engine = await app.container.make(Engine)
export const hub = await app.container.make(Hub)
export const waiters = await app.container.make(Waiters)
