import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * A stream read off a bare socket: reads when it is told to and never otherwise. Speaks HTTP/1.0, so
 * that the body comes as it was written.
 */
export class RawSocket {
  readonly socket: Socket
  text = ''
  closed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (this.text += chunk))
    socket.on('error', () => {})
    socket.on('close', () => (this.closed = true))
  }

  /** Gives it once the head has come, or the connection has closed. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const { hostname, port, pathname, search, host } = new URL(url)
    const raw = new RawSocket(connect(Number(port), hostname))
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
    raw.socket.write(`GET ${pathname}${search} HTTP/1.0\r\n${lines.join('\r\n')}\r\n\r\n`)
    while (!raw.text.includes('\r\n\r\n') && !raw.closed) {
      await Promise.race([once(raw.socket, 'data'), once(raw.socket, 'close')]).catch(() => {})
    }
    return raw
  }

  get status(): number {
    return Number(/^HTTP\/1\.\d (\d+)/.exec(this.text)?.[1])
  }

  /** The whole payloads of a Transmit stream, or of a one-request stream. */
  payloads<T>(): T[] {
    const lines = this.text
      .split('\n\n')
      .slice(0, -1)
      .join('\n')
      .matchAll(/^data: (.*)$/gm)
    return [...lines].map(([, line]) => {
      const data = JSON.parse(line)
      return data.payload ?? data
    })
  }

  close(): void {
    this.socket.destroy()
  }
}
