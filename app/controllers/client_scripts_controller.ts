import app from '@adonisjs/core/services/app'
import { readFile } from 'node:fs/promises'
import type { HttpContext } from '@adonisjs/core/http'

/** What clients may load: the browser helper, and the types for TypeScript. */
export default class ClientScriptsController {
  script(ctx: HttpContext) {
    return this.#answer(ctx, 'client.js', 'text/javascript')
  }

  types(ctx: HttpContext) {
    return this.#answer(ctx, 'client.d.ts', 'text/plain')
  }

  /** The types of all that is sent and answered; `client.d.ts` exports them too. */
  apiTypes(ctx: HttpContext) {
    return this.#answer(ctx, 'api.d.ts', 'text/plain')
  }

  /** Not as a download, which would take a `.ts` for a video. */
  async #answer({ response }: HttpContext, name: string, type: string) {
    const text = await readFile(app.makePath('app/page', name))
    response
      .header('Cache-Control', 'public, max-age=3600')
      .header('Content-Type', `${type}; charset=utf-8`)
      .send(text, true)
  }
}
