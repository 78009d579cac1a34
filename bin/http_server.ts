import type { Duplex } from 'node:stream'
import { type Socket } from 'node:net'
import {
  Server,
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { Turns } from './turns.js'
import { cutIdleBody } from './idle_body.js'
import { toOriginForm } from './origin_form.js'
import { problems, type Kind } from '#exceptions/problem'
import { isClosing } from '#exceptions/lingering_close'
import { answerWithProblem, closeWithProblem } from '#exceptions/problem_answer'

/** Milliseconds that requests get to end once the port has closed. */
const LAST_WORDS = 1200

/** Milliseconds between two looks for connections that nothing is under way on. */
const LOOK = 20

/** What Node refuses before there is a request, by the code of its error. */
const refusals: Readonly<Record<string, Kind>> = {
  HPE_HEADER_OVERFLOW: problems.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: problems.requestTimeout,
}

export interface HttpServerOptions extends ServerOptions {
  /** Milliseconds that a body may stand still while it arrives. */
  readonly idle?: number
}

/**
 * Node's server, which answers also what Node refuses by itself as a problem (RFC 9457), and closes
 * within a bounded time, whatever its clients do.
 */
export class HttpServer extends Server {
  readonly #connections = new Set<Socket>()
  readonly #turns = new Turns()
  /** The last answer of each connection. */
  readonly #answers = new WeakMap<Duplex, ServerResponse>()

  constructor(handle: RequestListener, { idle = 30_000, ...options }: HttpServerOptions = {}) {
    super({
      // A slow body may take longer than Node's 300 s; an idle one is cut.
      requestTimeout: 0,
      headersTimeout: 60_000,
      // The guard looks at it.
      requireHostHeader: false,
      // Most requests are polls: no stream of nothing is opened and closed for them.
      optimizeEmptyRequests: true,
      ...options,
    })
    this.on('connection', (socket: Socket) => {
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
    })
    this.on('request', (request, response) => {
      if (isClosing(request.socket)) return
      toOriginForm(request)
      cutIdleBody(request, response, idle)
      this.#begin(request, response, () => handle(request, response))
    })
    this.on('checkExpectation', (request, response) => {
      const refuse = () => answerWithProblem(response, problems.expectationFailed)
      this.#begin(request, response, refuse)
    })
    this.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.#refuse(socket as Socket, refusals[error.code ?? ''] ?? problems.badRequest)
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

  /** In its turn, unless its client has gone by then, or was told that its body is no good. */
  #begin({ socket }: IncomingMessage, response: ServerResponse, work: () => void): void {
    this.#answers.set(socket, response)
    this.#turns.take(socket, () => {
      // A connection that closes does so with the answer to a request before this one.
      if (!response.destroyed && !response.headersSent && !isClosing(socket)) work()
    })
  }

  /** To Node, one on which no request has begun is not idle: browsers open them to have them ready. */
  #closeUnused(): void {
    this.closeIdleConnections()
    for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy()
  }

  /** Answers where no byte of another answer is out or owed: what is written into one would tear it. */
  #refuse(socket: Socket, kind: Kind): void {
    if (isClosing(socket)) return
    const last = this.#answers.get(socket)
    if (socket.writable && (!last || last.writableEnded)) closeWithProblem(socket, kind)
    // The body of that very request is what is wrong.
    else if (last?.socket === socket && !last.headersSent && !last.req.complete) {
      answerWithProblem(last, kind)
    } else socket.destroy()
  }
}
