import { Server, type RequestListener, type ServerOptions } from 'node:http'
import type { Socket } from 'node:net'

/** Milliseconds that requests get to end once the port has closed. */
const LAST_WORDS = 1200

/** Milliseconds between two looks for connections that nothing is under way on. */
const LOOK = 20

/** Closes at once where nothing is under way, and within a bounded time whatever its clients do. */
export class HttpServer extends Server {
  readonly #connections = new Set<Socket>()

  constructor(options: ServerOptions, handle: RequestListener) {
    super(options, handle)
    this.on('connection', (socket: Socket) => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
    })
  }

  override close(done?: (error?: Error) => void): this {
    const looks = setInterval(() => this.#closeUnused(), LOOK)
    const end = setTimeout(() => this.closeAllConnections(), LAST_WORDS).unref()
    return super.close((error) => {
      clearInterval(looks)
      clearTimeout(end)
      done?.(error)
    })
  }

  /** To Node, one on which no request has begun is not idle: browsers open them to have them ready. */
  #closeUnused(): void {
    this.closeIdleConnections()
    for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy()
  }
}
