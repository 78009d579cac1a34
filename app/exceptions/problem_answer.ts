import type { Socket } from 'node:net'
import type { ServerResponse } from 'node:http'
import { closeBehindAnswer, closeWith } from '#exceptions/lingering_close'
import { problemOfKind, type Kind } from '#exceptions/problem'

/** What every problem comes with: it is about one request, and no cache may give it to another. */
export const problemHeaders = {
  'Content-Type': 'application/problem+json',
  'Cache-Control': 'no-store',
}

/** Answers with a problem where there is no context, and closes the connection. */
export function answerWithProblem(response: ServerResponse, kind: Kind): void {
  const [status, headers, body] = partsOf(kind)
  closeBehindAnswer(response.req)
  response.writeHead(status, headers).end(body)
}

/** The same where there is not even a request. */
export function closeWithProblem(socket: Socket, kind: Kind): void {
  const [status, headers, body] = partsOf(kind)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  closeWith(
    socket,
    `HTTP/1.1 ${status} ${problemOfKind(kind).title}\r\n${lines.join('')}\r\n${body}`
  )
}

function partsOf(kind: Kind): [number, Record<string, string>, string] {
  const body = JSON.stringify(problemOfKind(kind))
  const headers = {
    ...problemHeaders,
    'Vary': 'Origin',
    'Date': new Date().toUTCString(),
    'Content-Length': String(Buffer.byteLength(body)),
    'Connection': 'close',
  }
  return [kind.status, headers, body]
}
