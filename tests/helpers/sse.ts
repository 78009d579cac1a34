import { randomUUID } from 'node:crypto'
import type { Snapshot } from '#engine/snapshot'
import { until } from '#tests/helpers/waiting'

/**
 * A Transmit stream read with `fetch`, as raw as it gets: every frame in the order of arrival.
 * Renders like a naive client: whatever comes last.
 */
export class RawStream {
  readonly uid: string
  readonly frames: { channel: string; payload: Snapshot }[] = []
  readonly #url: string
  readonly #abort = new AbortController()
  closed = false

  private constructor(url: string, uid: string) {
    this.uid = uid
    this.#url = url
  }

  static async open(url: string, uid: string = randomUUID()): Promise<RawStream> {
    const stream = new RawStream(url, uid)
    const answer = await fetch(`${url}/__transmit/events?uid=${stream.uid}`, {
      signal: stream.#abort.signal,
    })
    void stream.#read(answer)
    return stream
  }

  async subscribe(id: string): Promise<Response> {
    return fetch(`${this.#url}/__transmit/subscribe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uid: this.uid, channel: `long-task/${id}` }),
    })
  }

  /** What came of a task, in order. */
  of(id: string): Snapshot[] {
    return this.frames.filter((f) => f.payload.id === id).map((f) => f.payload)
  }

  last(id: string): Snapshot | undefined {
    return this.of(id).at(-1)
  }

  async until(id: string, condition: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return until(() => {
      const last = this.last(id)
      return last && condition(last) ? last : null
    })
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(answer: Response): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    try {
      for await (const chunk of answer.body ?? []) {
        const events = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) {
          if (event.startsWith('data: ')) this.frames.push(JSON.parse(event.slice(6)))
        }
      }
    } catch {
      // The reader hung up.
    }
    this.closed = true
  }
}
