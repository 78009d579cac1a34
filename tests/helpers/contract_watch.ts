import app from '@adonisjs/core/services/app'
import { subscribe } from 'node:diagnostics_channel'
import type { ServerResponse, IncomingMessage } from 'node:http'
import { Engine } from '#engine/engine'
import { documentOf } from '#openapi/document'
import { Contract } from '#tests/helpers/contract'
import { noteMismatch } from '#tests/helpers/mismatches'

/** Bytes of each answer that are looked at, of a stream. */
const STREAM_LIMIT = 20_000

/** Compares every answer of this process' server with the OpenAPI document. */
export function watchAnswers(isOurs: (port: number) => boolean, report = noteMismatch): void {
  let contract: Contract | undefined
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (!isOurs(request.socket.localPort ?? 0)) return
    const chunks = record(response)
    response.once('close', async () => {
      // Nobody was answered, or not to the end.
      const isStream = /^(text\/event-stream|text\/plain)/.test(
        String(headerOf(response)['content-type'])
      )
      if (!response.headersSent || !(response.writableFinished || isStream)) return
      const { method = '', url = '' } = request
      const seen = {
        method,
        url,
        status: response.statusCode,
        headers: headerOf(response),
        body: Buffer.concat(chunks).toString(),
      }
      contract ??= new Contract(documentOf((await app.container.make(Engine)).types))
      for (const problem of contract.problemsOf(seen)) {
        report(`${method} ${url.slice(0, 200)} is not as documented: ${problem}`)
      }
    })
  })
}

/** Keeps what is written; of what goes on and on the beginning. */
function record(response: ServerResponse): Buffer[] {
  const chunks: Buffer[] = []
  let size = 0
  const { write, end } = response
  const keep = (chunk: unknown) => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    const isPart = response.getHeader('content-length') === undefined
    if (isPart && size > STREAM_LIMIT) return
    chunks.push(Buffer.from(chunk as Uint8Array))
    size += chunk.length
  }
  response.write = function (...args: unknown[]) {
    keep(args[0])
    return write.apply(response, args as Parameters<typeof write>)
  } as typeof write
  response.end = function (...args: unknown[]) {
    keep(args[0])
    return end.apply(response, args as Parameters<typeof end>)
  } as typeof end
  return chunks
}

/** The head as it was sent: `getHeaders` lacks what only `writeHead` was given. */
function headerOf(response: ServerResponse): Record<string, string> {
  const head = (response as unknown as { _header: string | null })._header ?? ''
  const lines = head.split('\r\n').slice(1).filter(Boolean)
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? []
      return [name.toLowerCase(), value]
    })
  )
}
