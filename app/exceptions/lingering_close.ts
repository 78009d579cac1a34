import type { Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'

/** Milliseconds for which a connection that is to close is read from at most. */
const LONGEST = 10_000
/** Bytes that are read of it at most, give or take what comes in a tenth of a second. */
const MOST = 64 * 2 ** 20
/** Milliseconds between two looks at how much that was. */
const LOOK = 100
/** Bytes of a body below which it is sooner read to its end than its connection made anew. */
const SHORT = 64 * 2 ** 10

const closing = new WeakSet<Socket>()

/** Whether the last answer of a connection is on its way: what still comes is nothing to be done. */
export function isClosing(socket: Socket): boolean {
  return closing.has(socket)
}

/** Whether much of a body may be still to come. */
export function isFarFromEnd({ complete, headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return !complete && (length === undefined || Number(length) > SHORT)
}

/**
 * Has the connection of a request closed behind its answer, which says `Connection: close`, so that
 * the client gets to read it. To close a socket while its client still writes resets the connection,
 * and a reset throws away what the client has not read yet. So our side ends, and what comes is read
 * and dropped until the client has closed (RFC 9112 §9.6), or for as much and as long as is bearable.
 */
export function closeBehindAnswer(request: IncomingMessage): void {
  const { socket } = request
  if (socket.destroyed) return
  closing.add(socket)
  // Node forgets a request once it is answered: whoever still reads it has to hear that no more comes.
  socket.once('close', () => request.destroy())
  // Node calls it when the answer is out.
  socket.destroySoon = () => {
    request.resume()
    socket.end()
    linger(socket)
  }
}

/** The same for a socket that has no request, with its last words. */
export function closeWith(socket: Socket, words: string): void {
  closing.add(socket)
  socket.end(words)
  linger(socket)
}

function linger(socket: Socket): void {
  if (socket.destroyed) return
  const most = socket.bytesRead + MOST
  const end = performance.now() + LONGEST
  const timer = setInterval(() => {
    if (performance.now() > end || socket.bytesRead > most) socket.destroy()
  }, LOOK)
  socket.once('close', () => clearInterval(timer))
}
