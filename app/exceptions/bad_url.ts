import { problemOf } from '#exceptions/problem'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a request whose address can't be decoded (`/tasks/%`), before there is a context. */
export function answerBadUrl(_request: IncomingMessage, response: ServerResponse): void {
  const problem = problemOf(Object.assign(new URIError(), { status: 400 }))
  response
    .writeHead(problem.status, { 'Content-Type': 'application/problem+json' })
    .end(JSON.stringify(problem))
}
