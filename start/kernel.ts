import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

server.errorHandler(() => import('#exceptions/handler'))

/** Run for every request. The guard comes first: nothing is done for a foreign website. */
server.use([
  () => import('#middleware/origin_guard_middleware'),
  () => import('@adonisjs/cors/cors_middleware'),
])

export const middleware = router.named({
  /** For the routes that read a body: each middleware costs a request some microseconds. */
  body: () => import('#middleware/body_middleware'),
  transmitGuard: () => import('#middleware/transmit_guard_middleware'),
})
