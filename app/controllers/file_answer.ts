import { create } from 'content-disposition'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Range } from '#engine/bytes'
import type { ResultFile } from '#engine/task_files'
import { hasIt } from '#controllers/answers'
import type { HttpContext } from '@adonisjs/core/http'
import { RangeNotSatisfiable, ResultFileMissing } from '#exceptions/http_errors'

/** Milliseconds for which a reader may take nothing. */
const STALL_LIMIT = 30_000

/**
 * Answers with a file as a download, or with one part of it (RFC 9110 §14): streamed as fast as the
 * client takes it. Several
 * ranges at once get the whole file, which the RFC allows.
 *
 * @param open opens the file or the part, `null` when it is no longer there
 */
export async function answerWithFile(
  ctx: HttpContext,
  { name, contentType, size, sha256 }: ResultFile,
  open: (range?: Range) => Promise<Readable | null>
): Promise<void> {
  const { request, response } = ctx
  const etag = `"${sha256}"`
  const tag = () => {
    response.header('ETag', etag).header('Cache-Control', 'private, no-cache')
    response.header('Accept-Ranges', 'bytes')
  }
  if (hasIt(ctx, etag)) {
    tag()
    return response.status(304).send(null)
  }

  const range = rangeOf(ctx, size, etag)
  const stream = await open(range ?? undefined)
  if (!stream) throw new ResultFileMissing()
  tag()
  if (range) response.header('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
  response
    .status(range ? 206 : 200)
    .header('Content-Type', contentType)
    .header('Content-Length', range ? range.end - range.start + 1 : size)
    .header('Content-Disposition', create(name))
    .header('X-Content-Type-Options', 'nosniff')

  if (request.method() === 'HEAD') {
    stream.destroy()
    response.response.writeHead(response.getStatus(), response.getHeaders()).end()
    return
  }
  const raw = response.response
  raw.setTimeout(STALL_LIMIT, () => raw.destroy())
  raw.writeHead(response.getStatus(), response.getHeaders())
  // Nothing can be told any more: a connection that ends too early says it all.
  await pipeline(stream, raw).catch(() => raw.destroy())
}

/**
 * The one range that is asked for, `null` for the whole file: also where the header makes no sense.
 * Throws `RangeNotSatisfiable`.
 */
function rangeOf({ request, response }: HttpContext, size: number, etag: string): Range | null {
  const condition = request.header('if-range')
  if (request.method() !== 'GET' || (condition && condition !== etag)) return null
  const asked = /^bytes=(\d*)-(\d*)$/i.exec(request.header('range')?.trim() ?? '')
  if (!asked || asked[0].endsWith('=-')) return null

  const [first, last] = [asked[1], asked[2]].map((text) => (text ? Number(text) : null))
  if (first !== null && last !== null && last < first) return null
  const start = first ?? Math.max(0, size - (last ?? 0))
  const end = first === null ? size - 1 : Math.min(last ?? size - 1, size - 1)
  if (start <= end) return { start, end }
  response.header('Accept-Ranges', 'bytes').header('Content-Range', `bytes */${size}`)
  throw new RangeNotSatisfiable(size)
}
