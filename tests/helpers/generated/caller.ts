import { randomUUID } from 'node:crypto'
import { Agent, request, type IncomingMessage } from 'node:http'
import type { SeenAnswer } from '#tests/helpers/contract'
import { KNOWN_ID, type GeneratedRequest } from '#tests/helpers/generated/requests'

interface StartedTask {
  readonly id: string
  readonly type: string
  readonly input: { readonly steps?: number; readonly stepMs?: number; readonly dataset?: string }
}

/** A file of the page, whose address holds a hash of what is in it. */
const ASSET = `/page/${KNOWN_ID}/${KNOWN_ID}`

/** How many of the newest tasks are asked for. */
const REMEMBERED = 100

/**
 * Sends generated requests, fills in the ids of tasks that there are, and stops those that would
 * run for long. Streams are left once they have begun.
 */
export class Caller {
  readonly #url: URL
  readonly #agent = new Agent({ keepAlive: true })
  /** Of tasks that are never deleted: in every status, and one with a file as its result. */
  readonly #kept: string[] = []
  readonly #ids: string[] = []
  readonly #datasets: string[] = []
  #asset = ''
  /** Of a stream that stays open, to be subscribed. */
  readonly #uid = `generated-${randomUUID()}`
  /** Kept, or the connection would end with what nobody refers to. */
  #stream?: Response
  readonly #leave = new AbortController()

  private constructor(url: string) {
    this.#url = new URL(url)
  }

  static async start(url: string): Promise<Caller> {
    const caller = new Caller(url)
    const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
    caller.#asset = /"(\/page\/[^"]+)"/.exec(page)?.[1] ?? ''
    const stream = `${url}/__transmit/events?uid=${caller.#uid}`
    caller.#stream = await fetch(stream, { signal: caller.#leave.signal })
    await caller.#importPeople()
    caller.#kept.push(
      await caller.#post('/tasks', { type: 'export-dataset', input: { dataset: 'kept' } })
    )
    for (const input of [
      { steps: 1, stepMs: 0 },
      { steps: 2, stepMs: 0, failAt: 1 },
      { steps: 1_000_000, stepMs: 60_000 },
      { steps: 1_000_000, stepMs: 60_000 },
    ]) {
      caller.#kept.push(await caller.#post('/tasks', { type: 'simulate', input }))
    }
    await caller.#post(`/tasks/${caller.#kept.at(-1)}/cancel`)
    return caller
  }

  async send(generated: GeneratedRequest): Promise<SeenAnswer> {
    const { method, path, query, body } = generated
    const address = path === ASSET ? KNOWN_ID : path
    const url = `${address}${query && '?'}${query}`.replace(KNOWN_ID, () => this.#known(generated))
    const bytes = body && Buffer.from(this.#fill(body.toString('latin1'), generated), 'latin1')
    const headers = { ...generated.headers, ...(bytes && { 'content-length': bytes.length }) }
    const answer = await this.#answer(method, url, headers, bytes)
    if (generated.operation === 'POST /tasks' && [200, 202].includes(answer.status)) {
      await this.#remember(JSON.parse(answer.body))
    }
    return answer
  }

  close(): void {
    if (this.#stream) this.#leave.abort()
    this.#agent.destroy()
  }

  #known({ operation, path, pick }: GeneratedRequest): string {
    if (path === ASSET) return this.#asset
    if (path.startsWith('/__transmit')) return `generated-${pick}`.padEnd(20, '0').slice(0, 60)
    if (path.startsWith('/datasets')) {
      return encodeURIComponent(this.#datasets.at(-1 - (pick % 3)) ?? 'none')
    }
    if (path.endsWith('/result') && pick % 2 === 0) return this.#kept[0] ?? ''
    const mayGo = operation.startsWith('DELETE')
    const ids = mayGo ? this.#ids : [...this.#kept, ...this.#kept, ...this.#ids]
    return ids[pick % ids.length] ?? randomUUID()
  }

  /** Bodies name the open stream, and tasks that there are. */
  #fill(body: string, { path, pick }: GeneratedRequest): string {
    if (!path.startsWith('/__transmit') || pick % 3 === 0) return body
    const channel = pick % 2 === 0 ? 'long-tasks' : `long-task/${this.#kept[0]}`
    return JSON.stringify({ uid: this.#uid, channel })
  }

  /** Stops what would run for long. */
  async #remember({ id, type, input }: StartedTask): Promise<void> {
    this.#ids.push(id)
    if (this.#ids.length > REMEMBERED) this.#ids.shift()
    if (input.dataset !== undefined && input.dataset !== 'kept') this.#datasets.push(input.dataset)
    const { steps = 100, stepMs = 100 } = input
    if (type === 'simulate' && steps * stepMs > 50)
      await fetch(new URL(`/tasks/${id}/cancel`, this.#url), { method: 'POST' })
  }

  async #importPeople(): Promise<void> {
    const body = new FormData()
    body.set('type', 'import-csv')
    body.set('input', JSON.stringify({ dataset: 'kept' }))
    body.set('file', new Blob(['name,city\nAda,London\nGrace,New York\n']), 'people.csv')
    const headers = { prefer: 'wait=60' }
    await fetch(new URL('/tasks', this.#url), { method: 'POST', headers, body })
  }

  async #post(path: string, body: object = {}): Promise<string> {
    const headers = { 'content-type': 'application/json', 'prefer': 'wait=1' }
    const options = { method: 'POST', headers, body: JSON.stringify(body) }
    return ((await (await fetch(new URL(path, this.#url), options)).json()) as { id: string }).id
  }

  #answer(method: string, url: string, headers: object, body?: Buffer): Promise<SeenAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#url
      const options = { hostname, port, method, path: url, headers: { ...headers } }
      const call = request({ ...options, agent: this.#agent }, async (answer) => {
        const status = answer.statusCode ?? 0
        resolve({ method, url, status, headers: answer.headers, body: await textOf(answer) })
      })
      call.on('error', (error) => {
        // The server may close a connection while it is used again.
        if (call.reusedSocket) resolve(this.#answer(method, url, headers, body))
        else reject(error)
      })
      call.end(body)
    })
  }
}

/** The body; of a stream the first chunk, of one that need not say anything nothing. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';')
  const isWhole = 'content-length' in answer.headers
  const chunks: Buffer[] = []
  if (type === 'text/plain' && !isWhole) answer.destroy()
  else {
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer)
      // Leaving the loop destroys the stream.
      if (type === 'text/event-stream' && !isWhole) break
    }
  }
  return Buffer.concat(chunks).toString()
}
