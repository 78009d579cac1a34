import app from '@adonisjs/core/services/app'
import type { HttpContext } from '@adonisjs/core/http'

/** The browser helper, as one file and its types. */
export default class ClientScriptsController {
  script({ response }: HttpContext) {
    response.header('Cache-Control', 'public, max-age=3600')
    response.download(app.makePath('app/page/client.js'), true)
  }

  types({ response }: HttpContext) {
    response.header('Cache-Control', 'public, max-age=3600')
    response.header('Content-Type', 'text/plain; charset=utf-8')
    response.download(app.makePath('app/page/client.d.ts'), true)
  }
}
