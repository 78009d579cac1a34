import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

server.errorHandler(() => import('#exceptions/handler'))

/** Run for every request. The guard comes first: nothing is done for a foreign website. */
server.use([
  () => import('#middleware/origin_guard_middleware'),
  () => import('#middleware/container_bindings_middleware'),
  () => import('@adonisjs/cors/cors_middleware'),
])

/** Run for every request that has a route. */
router.use([
  () => import('#middleware/idle_body_middleware'),
  () => import('@adonisjs/core/bodyparser_middleware'),
])

export const middleware = router.named({
  transmitGuard: () => import('#middleware/transmit_guard_middleware'),
})
