import { pass } from '#engine/landmarks'

export type Frame = string | Buffer

/** What holds frames back until it is told to send them. */
interface Sender {
  flush(): void
}

/** Lets all that a stream is told in one turn of the event loop leave in one write. */
export class Outbox {
  #leaving: Sender[] = []

  /** Lets the stream flush at the end of this turn. */
  add(stream: Sender): void {
    if (this.#leaving.push(stream) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    pass('before-flush')
    const leaving = this.#leaving
    this.#leaving = []
    for (const stream of leaving) stream.flush()
  }
}
