import router from '@adonisjs/core/services/router'
import server from '@adonisjs/core/services/server'

/** The middleware of the AdonisJS API starter kit that concerns every request. */
server.use([
  () => import('./container_bindings_middleware.js'),
  () => import('@adonisjs/cors/cors_middleware'),
])
router.use([() => import('@adonisjs/core/bodyparser_middleware')])
