import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * A real HTTP proxy between a client and the server, to hurt the connection: cuts it, holds back an
 * answer or its body, stops reading, or fails.
 */
export class Proxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held = new Map<string, Promise<void>>()
  readonly #passing = new Map<IncomingMessage, ServerResponse>()
  /**
   * What is answered instead of asking the server, as a proxy does while that is away, or that the
   * connection is reset; on all paths or one.
   */
  outage: { status: number | 'reset'; path?: string } | undefined
  /** Passes on the heads of streams and nothing of their bodies, as one that waits for the end does. */
  isBuffering = false
  /** Keeps the server from hearing that a client has gone, as a network that just falls silent does. */
  isHalfOpen = false
  /** The paths of all requests. */
  readonly requests: string[] = []
  /** How many requests the outage has hit. */
  failures = 0

  private constructor(target: string) {
    this.#server = createServer((incoming, outgoing) => {
      const { path = incoming.url, status = 0 } = this.outage ?? {}
      this.requests.push(incoming.url ?? '')
      if (status && path === incoming.url) {
        this.failures++
        return void (status === 'reset'
          ? incoming.socket.destroy()
          : outgoing.writeHead(status).end())
      }
      const options = { method: incoming.method, headers: incoming.headers }
      const forward = request(`${target}${incoming.url}`, options, async (answer) => {
        await this.#held.get(incoming.url ?? '')
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        outgoing.flushHeaders()
        const isStream = answer.headers['content-type'] === 'text/event-stream'
        if (this.isBuffering && isStream) answer.resume()
        else answer.pipe(outgoing)
        this.#passing.set(answer, outgoing)
        outgoing.on('close', () => {
          this.#passing.delete(answer)
          if (!this.isHalfOpen) forward.destroy()
        })
      })
      forward.on('error', () => outgoing.destroy())
      incoming.pipe(forward)
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(target: string): Promise<Proxy> {
    const proxy = new Proxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Destroys every connection of a client. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Holds back the answers of this path until the function that it gives is called. */
  hold(path: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held.set(path, promise)
    return () => {
      this.#held.delete(path)
      resolve()
    }
  }

  /** Reads nothing more of the answers that are under way until the function that it gives is called. */
  stall(): () => void {
    const stalled = [...this.#passing]
    for (const [answer, outgoing] of stalled) answer.unpipe(outgoing).pause()
    return () => stalled.forEach(([answer, outgoing]) => void answer.pipe(outgoing))
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
