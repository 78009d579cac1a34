import type { Snapshot } from '#engine/snapshot'

/** A stream of one task, read with `fetch`: all that came, as text and as events. */
export class OneRequest {
  readonly answer: Response
  /** Settles when the server has ended the stream. */
  readonly ended: Promise<void>
  readonly #abort: AbortController
  text = ''

  private constructor(answer: Response, abort: AbortController) {
    this.answer = answer
    this.#abort = abort
    this.ended = this.#read()
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<OneRequest> {
    const abort = new AbortController()
    return new OneRequest(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  get events(): { id: number; snapshot: Snapshot }[] {
    const found = this.text.matchAll(/id: (\d+)\ndata: (.*)\n\n/g)
    return [...found].map(([, id, data]) => ({ id: Number(id), snapshot: JSON.parse(data) }))
  }

  get last(): Snapshot | undefined {
    return this.events.at(-1)?.snapshot
  }

  /** Milliseconds that the client shall wait, as often as it was told. */
  get retries(): number[] {
    return [...this.text.matchAll(/retry: (\d+)\n\n/g)].map(([, wait]) => Number(wait))
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of this.answer.body ?? []) {
        this.text += decoder.decode(chunk, { stream: true })
      }
    } catch {
      // The reader hung up.
    }
  }
}
