import { errors } from '@vinejs/vine'
import { MalformedMultipart, UploadIdle } from '#exceptions/http_errors'
import { fileNameProblem } from '#validators/file_name'
import type { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { HttpRequest } from '@adonisjs/core/http'
import type { FileStore, IncomingFile } from '#engine/file_store'

/** Milliseconds that an upload may stand still. A slow one may take as long as it needs. */
const IDLE = 30_000

/**
 * Streams the part `file` of a multipart request to disk while it arrives; the other parts are in
 * `request.body()` then. Leaves nothing behind when it throws.
 */
export async function receiveUpload(
  request: HttpRequest,
  files: FileStore,
  limit: number
): Promise<IncomingFile | undefined> {
  const { multipart } = request
  const received: Promise<IncomingFile>[] = []
  const stop = new AbortController()

  multipart.onFile('file', {}, async (part) => {
    if (received.length > 0)
      return multipart.abort(refused('file', 'single', 'Only one part may be called file'))
    const name = part.filename ?? 'file'
    const problem = fileNameProblem(name)
    if (problem) return multipart.abort(refused('file', 'name', problem))
    const receiving = files.receive(part, name, { limit, signal: stop.signal })
    received.push(receiving)
    await receiving.catch((error) => multipart.abort(error))
  })

  multipart.onFile('*', {}, async (part) => {
    const field = part.name ?? ''
    multipart.abort(refused(field, 'unknown', `The field ${field} is not known`))
  })

  // Heard on the request: a timeout that only the socket hears has Node destroy it.
  const incoming = request.request
  hearParts(incoming)
  const stall = () => multipart.abort(new UploadIdle())
  incoming.socket.setTimeout(IDLE)
  incoming.once('timeout', stall)
  try {
    await multipart.process()
    return await received[0]
  } catch (error) {
    stop.abort(error)
    const [file] = await Promise.allSettled(received)
    if (file?.status === 'fulfilled') await files.discard(file.value)
    throw isUnreadable(error) ? new MalformedMultipart(error) : error
  } finally {
    incoming.socket.setTimeout(0)
    incoming.off('timeout', stall)
  }
}

/**
 * AdonisJS skips parts that nobody asked for without hearing their errors, and an error that nobody
 * hears ends the process: a client that hangs up in such a part would.
 */
function hearParts(incoming: IncomingMessage): void {
  const { pipe } = incoming
  incoming.pipe = (form, options) => {
    form.on('part', (part: Readable) => part.on('error', () => {}))
    return pipe.call(incoming, form, options) as typeof form
  }
}

/** The parser's own errors have a status and no code. */
function isUnreadable(error: unknown): boolean {
  const { status, code } = error as { status?: number; code?: string }
  return code === undefined && (status === 400 || status === 415)
}

function refused(field: string, rule: string, message: string): Error {
  return new errors.E_VALIDATION_ERROR([{ field, rule, message }])
}
