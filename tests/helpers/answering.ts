import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { createServer, type ServerResponse } from 'node:http'

/** A response whose head is out, unless it is to wait, and the socket of its reader. */
export async function answering(cleanup: (handler: () => void) => void, head = true) {
  const server = createServer().listen(0, '127.0.0.1')
  cleanup(() => void server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  cleanup(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  if (head) {
    response.writeHead(200)
    response.flushHeaders()
  }
  return { socket, response }
}

/** All that comes on a socket that is read from now on. */
export function heardOn(socket: Awaited<ReturnType<typeof answering>>['socket']) {
  const heard = { text: '' }
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard.text += chunk))
  return heard
}
