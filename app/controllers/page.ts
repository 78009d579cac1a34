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

/** Answers with a document of the page; without a tag where it is none that could be kept. */
export function answerWithPage(ctx: HttpContext, document: string, tag?: string): void {
  ctx.response
    .header('Content-Security-Policy', POLICY)
    .header('X-Content-Type-Options', 'nosniff')
    .header('Cache-Control', 'private, no-cache')
    .header('Content-Type', 'text/html; charset=utf-8')
  sendText(ctx, { text: document, tag })
}

interface Text {
  readonly text: string | Buffer
  /** What names this text: its `ETag` without quotes, before it is compressed. */
  readonly tag?: string
  readonly gzipped?: Buffer
}

/**
 * Sends text, compressed for whoever takes that, or 304 to who has it. Each coding is another
 * representation with a tag of its own: a range or an `If-Match` of the one must not be taken for the
 * other's (RFC 9110 §8.8.3).
 */
export function sendText(ctx: HttpContext, { text, tag, gzipped }: Text): void {
  const { request, response } = ctx
  response.vary('Accept-Encoding')
  const coding = request.encoding(['gzip']) ? 'gzip' : null
  if (tag !== undefined) {
    const etag = coding ? `"${tag}-${coding}"` : `"${tag}"`
    response.header('ETag', etag)
    if (hasIt(ctx, etag)) return response.status(304).send(null)
  }
  if (!coding) return response.send(text)
  response.header('Content-Encoding', coding).send(gzipped ?? gzipSync(text))
}
