import env from '#start/env'
import type { HttpContext } from '@adonisjs/core/http'
import { listPage } from '#page/list_page'
import { answerWithPage, assets, lastAssets, sendText } from '#controllers/page'
import { AddressNotFound } from '#exceptions/http_errors'

/** The web page: the list of tasks, and what it loads. A task's own page is a form of the task. */
export default class PagesController {
  index(ctx: HttpContext) {
    const current = assets()
    const maxUpload = env.get('MAX_UPLOAD')
    answerWithPage(ctx, listPage(current, { maxUpload }), `list-${maxUpload}-${current.version}`)
  }

  /** A file of this version may be kept for ever; another version has to ask again. */
  asset(ctx: HttpContext) {
    const { params, response } = ctx
    const current = lastAssets()
    const asset = current.find(params.name)
    if (!asset) throw new AddressNotFound()
    const isCurrent = params.version === current.version
    response
      .header('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache')
      .header('X-Content-Type-Options', 'nosniff')
      .header('Content-Type', asset.type)
    sendText(ctx, { text: asset.bytes, tag: current.version, gzipped: asset.gzipped })
  }
}
