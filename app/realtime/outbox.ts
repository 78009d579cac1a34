import { pass } from '#engine/landmarks'

/** What holds frames back until it is told to send them. */
interface Sender {
  flush(): void
}

/** Lets all that a stream is told in one turn of the event loop leave in one write. */
export class Outbox {
  #waiting = new Set<Sender>()

  add(stream: Sender): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#flush())
    this.#waiting.add(stream)
  }

  #flush(): void {
    pass('before-flush')
    const streams = this.#waiting
    this.#waiting = new Set()
    for (const stream of streams) stream.flush()
  }
}
