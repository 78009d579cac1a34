import { problems } from '#exceptions/problem'
import { answerWithProblem } from '#exceptions/problem_answer'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a request whose address can't be decoded (`/tasks/%`), before there is a context. */
export function answerBadUrl(_request: IncomingMessage, response: ServerResponse): void {
  answerWithProblem(response, problems.malformedUrl)
}
