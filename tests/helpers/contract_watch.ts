import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { ServerResponse, IncomingMessage } from 'node:http'
import { Contract } from '#tests/helpers/contract'
import { noteMismatch } from '#tests/helpers/mismatches'

/** Bytes of an answer, above which its body is not looked at. */
const LIMIT = 2 ** 20
/** Bytes of a stream that are looked at. */
const STREAM_LIMIT = 20_000

/** Compares every answer of this process' server with the OpenAPI document. */
export function watchAnswers(isOurs: (port: number) => boolean, report = noteMismatch): void {
  let contract: Contract | undefined
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (!isOurs(request.socket.localPort ?? 0)) return
    const body = recorded(response, LIMIT)
    // Streams write past their response.
    const line = recorded(request.socket, STREAM_LIMIT)
    response.once('close', async () => {
      const { method = '', url = '' } = request
      const { statusCode: status } = response
      const headers = headersOf(response)
      const type = headers['content-type'] ?? ''
      const isStream =
        /^(text\/event-stream|text\/plain)/.test(type) && !('content-length' in headers)
      line.stop()
      // Nobody was answered, or not to the end.
      if (!response.headersSent || !(response.writableFinished || isStream)) return
      if (!isStream && body.size() >= LIMIT) return
      const text = isStream ? line.text().split('\r\n\r\n').slice(1).join() : body.text()
      contract ??= new Contract(await theDocument())
      for (const problem of contract.problemsOf({ method, url, status, headers, body: text })) {
        report(`${method} ${url.slice(0, 200)} is not as documented: ${problem}`)
      }
    })
  })
}

/** Loaded late: this file is loaded into a server before that has an application. */
async function theDocument(): Promise<object> {
  const { default: app } = await import('@adonisjs/core/services/app')
  const { Engine } = await import('#engine/engine')
  const { documentOf } = await import('#openapi/document')
  return documentOf((await app.container.make(Engine)).types)
}

/** Keeps the beginning of what is written, and all of what is short. */
function recorded(target: ServerResponse | Socket, limit: number) {
  const chunks: Buffer[] = []
  let size = 0
  const { write, end } = target
  const keep = (chunk: unknown) => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    if (size < limit) chunks.push(Buffer.from(chunk as Uint8Array))
    size += chunk.length
  }
  target.write = (...args: unknown[]) => {
    keep(args[0])
    return Reflect.apply(write, target, args) as boolean
  }
  target.end = (...args: unknown[]) => {
    keep(args[0])
    return Reflect.apply(end, target, args) as never
  }
  const stop = () => Object.assign(target, { write, end })
  return { stop, size: () => size, text: () => Buffer.concat(chunks).toString() }
}

/** The head as it was sent: `getHeaders` lacks what only `writeHead` was given. */
function headersOf(response: ServerResponse): Record<string, string> {
  const head = (response as unknown as { _header: string | null })._header ?? ''
  const lines = head.split('\r\n').slice(1).filter(Boolean)
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? []
      return [name.toLowerCase(), value]
    })
  )
}
