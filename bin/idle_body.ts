import { problems } from '#exceptions/problem'
import { answerWithProblem } from '#exceptions/problem_answer'
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Ends with 408 what a client began to send and stopped sending. An upload tells its client so itself.
 *
 * @param idle milliseconds that a body may stand still while it arrives; a slow one may take its time
 */
export function cutIdleBody(
  request: IncomingMessage,
  response: ServerResponse,
  idle: number
): void {
  const { headers, socket } = request
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
  if (!hasBody || headers['content-type']?.startsWith('multipart/')) return

  const cut = () => {
    if (response.headersSent) socket.destroy()
    else answerWithProblem(response, problems.requestTimeout)
  }
  socket.setTimeout(idle)
  request.once('timeout', cut)
  request.once('end', () => {
    socket.setTimeout(0)
    request.off('timeout', cut)
  })
}
