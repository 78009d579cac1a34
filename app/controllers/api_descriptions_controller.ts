import { engine } from '#start/services'
import { documentOf } from '#openapi/document'
import type { HttpContext } from '@adonisjs/core/http'
import { docsPage, docsPolicy } from '#openapi/docs_page'

/** What the API is, for programs and for people. */
export default class ApiDescriptionsController {
  /** OpenAPI 3.1. */
  document() {
    return documentOf(engine.types)
  }

  /** The same as a page that loads and runs nothing. */
  page({ response }: HttpContext) {
    response
      .header('Content-Type', 'text/html; charset=utf-8')
      .header('Content-Security-Policy', docsPolicy)
      .send(docsPage(documentOf(engine.types)))
  }
}
