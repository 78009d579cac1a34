import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection on which a test says what it likes. */
export class RawExchange {
  readonly socket: Socket
  /** All that came. */
  text = ''
  readonly closed: Promise<unknown>

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (this.text += chunk))
    socket.on('error', () => {})
    this.closed = once(socket, 'close')
  }

  /** @param allowHalfOpen whether it goes on to send when the server has ended its side */
  static async open(port = Number(process.env.PORT), allowHalfOpen = false): Promise<RawExchange> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
    await once(socket, 'connect')
    return new RawExchange(socket)
  }

  /** Sends a request, and gives all that comes until the server ends the connection. */
  static async once(request: string | Buffer, port?: number): Promise<RawExchange> {
    const exchange = await RawExchange.open(port)
    exchange.socket.write(request)
    if (!exchange.socket.destroyed) await exchange.ended()
    return exchange
  }

  /** Waits for the end of what the server says, and closes. */
  async ended(): Promise<void> {
    const { socket } = this
    if (!socket.readableEnded && !socket.destroyed) {
      await Promise.race([once(socket, 'end'), this.closed]).catch(() => {})
    }
    socket.destroy()
  }

  /** Of the last answer. */
  get status(): number {
    return Number([...this.text.matchAll(/HTTP\/1\.1 (\d+) /g)].at(-1)?.[1])
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)\r$`, 'im').exec(this.text)?.[1]
  }

  get body(): { code: string; detail: string } {
    return JSON.parse(this.text.split('\r\n\r\n').at(-1) ?? '')
  }
}
