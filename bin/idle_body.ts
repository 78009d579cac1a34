import type { IncomingMessage } from 'node:http'

/** Milliseconds that a body may stand still while it arrives; a slow one may take its time. */
const IDLE = 30_000

/** Cuts a client that began a body and stopped sending. An upload tells its client so itself, with 408. */
export function cutIdleBody(request: IncomingMessage): void {
  const { headers, socket } = request
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
  if (!hasBody || headers['content-type']?.startsWith('multipart/')) return

  const cut = () => socket.destroy()
  socket.setTimeout(IDLE)
  request.once('timeout', cut)
  request.once('end', () => {
    socket.setTimeout(0)
    request.off('timeout', cut)
  })
}
