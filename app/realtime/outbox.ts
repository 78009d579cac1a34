import { pass } from '#engine/landmarks'

export type Frame = string | Buffer

/** What holds frames back until it is told to send them. */
interface Sender {
  flush(frames: Frame[]): void
}

/**
 * Lets all that a stream is told in one turn of the event loop leave in one write. Owns the frames
 * until then: a list for each turn dies young, one that a stream kept would carry its frames into old
 * age, where it costs ten times as much to collect them.
 */
export class Outbox {
  #leaving = new Map<Sender, Frame[]>()

  /** Lets the stream flush at the end of this turn, with this frame among others. */
  add(stream: Sender, frame?: Frame): void {
    if (this.#leaving.size === 0) setImmediate(() => this.#flush())
    const frames = this.#leaving.get(stream)
    if (!frames) this.#leaving.set(stream, frame === undefined ? [] : [frame])
    else if (frame !== undefined) frames.push(frame)
  }

  /** What the stream has to send at the end of this turn; it is the stream's to send now. */
  take(stream: Sender): Frame[] {
    const frames = this.#leaving.get(stream) ?? []
    this.#leaving.delete(stream)
    return frames
  }

  #flush(): void {
    pass('before-flush')
    const leaving = this.#leaving
    this.#leaving = new Map()
    for (const [stream, frames] of leaving) stream.flush(frames)
  }
}
