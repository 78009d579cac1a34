import { gzipSync } from 'node:zlib'
import app from '@adonisjs/core/services/app'
import type { HttpContext } from '@adonisjs/core/http'
import { hasIt } from '#controllers/answers'
import { Assets } from '#page/assets'

/**
 * Nothing but what this server itself serves, and nothing inline; no other site may frame it. The
 * scripts get no way to turn text into HTML or code (Trusted Types without a policy).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

let kept: Assets | undefined

/** What the page loads: read once in production, again for each page elsewhere. */
export function assets(): Assets {
  return (kept = app.inProduction && kept ? kept : Assets.load())
}

/** The assets of the last page that was answered. */
export function lastAssets(): Assets {
  return kept ?? assets()
}

/** Answers with a document of the page. */
export function answerWithPage(ctx: HttpContext, document: string, etag?: string): void {
  const { response } = ctx
  response
    .header('Content-Security-Policy', POLICY)
    .header('X-Content-Type-Options', 'nosniff')
    .header('Cache-Control', 'private, no-cache')
    .header('Content-Type', 'text/html; charset=utf-8')
  if (etag) response.header('ETag', etag)
  if (etag && hasIt(ctx, etag)) return response.status(304).send(null)
  sendText(ctx, document)
}

/** Sends text, compressed for whoever takes that. */
export function sendText(
  { request, response }: HttpContext,
  text: string | Buffer,
  gzip: () => Buffer = () => gzipSync(text)
): void {
  response.vary('Accept-Encoding')
  if (!request.encoding(['gzip'])) return response.send(text)
  response.header('Content-Encoding', 'gzip').send(gzip())
}
