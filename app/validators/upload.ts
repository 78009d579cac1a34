import { MalformedMultipart, UploadIdle } from '#exceptions/http_errors'
import { fileNameProblem } from '#validators/file_name'
import { guardForm } from '#validators/multipart_form'
import { refused } from '#validators/refused'
import type { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { HttpRequest } from '@adonisjs/core/http'
import type { FileStore, IncomingFile } from '#engine/file_store'

/** Milliseconds that an upload may stand still. A slow one may take as long as it needs. */
const IDLE = 30_000

interface UploadRules {
  /** Bytes of the largest file. */
  readonly limit: number
  /** Throws for a file that the type does not take, where that is known before the file comes. */
  readonly check: (type: string) => void
}

/**
 * Streams the part `file` of a multipart request to disk while it arrives; the other parts are in
 * `request.body()` then. Leaves nothing behind when it throws.
 */
export async function receiveUpload(
  request: HttpRequest,
  files: FileStore,
  { limit, check }: UploadRules
): Promise<IncomingFile | undefined> {
  const { multipart } = request
  const received: Promise<IncomingFile>[] = []
  const stop = new AbortController()

  let type: string | undefined
  multipart.onFile('file', {}, async (part) => {
    try {
      if (received.length > 0) throw refused('file', 'single', 'Only one part may be called file')
      if (type !== undefined) check(type)
      const name = part.filename ?? 'file'
      const problem = fileNameProblem(name)
      if (problem) throw refused('file', 'name', problem)
      const receiving = files.receive(part, name, { limit, signal: stop.signal })
      received.push(receiving)
      await receiving
    } catch (error) {
      multipart.abort(error)
    }
  })

  // Heard on the request: a timeout that only the socket hears has Node destroy it.
  const incoming = request.request
  hearForm(incoming, (sent) => (type ??= sent))
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
    throw isUnreadable(error) || isCut(incoming) ? new MalformedMultipart(error) : error
  } finally {
    incoming.socket.setTimeout(0)
    incoming.off('timeout', stall)
  }
}

/**
 * Hears of the type when it comes, which AdonisJS tells at the end only. Hears the errors of files
 * without a name, which AdonisJS skips: an error that nobody hears ends the process, and a client
 * that hangs up in such a part makes one.
 */
function hearForm(incoming: IncomingMessage, onType: (type: string) => void): void {
  const { pipe } = incoming
  incoming.pipe = (form, options) => {
    guardForm(form)
    form.on('part', (part: Readable) => part.on('error', () => {}))
    form.on('field', (name: string, value: string) => {
      if (name === 'type') onType(value)
    })
    return pipe.call(incoming, form, options) as typeof form
  }
}

/** The client hung up: nobody gets the answer, and it is no failure of ours. */
function isCut(incoming: IncomingMessage): boolean {
  return incoming.destroyed && !incoming.complete
}

/** The parser's own errors have a status and no code. */
function isUnreadable(error: unknown): boolean {
  const { status, code } = error as { status?: number; code?: string }
  return code === undefined && (status === 400 || status === 415)
}
