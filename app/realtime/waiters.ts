import type { Cut } from '#engine/cut'
import type { Engine } from '#engine/engine'

/**
 * Holds requests until a task has moved on (`Prefer: wait`, RFC 7240). Costs one entry a waiting
 * request: no query of its own.
 */
export class Waiters {
  readonly #engine: Engine
  readonly #waiting = new Map<string, Set<(cut: Cut) => void>>()
  readonly #closing = new AbortController()

  constructor(engine: Engine) {
    this.#engine = engine
    engine.listen((cut) => {
      for (const hear of [...(this.#waiting.get(cut.id) ?? [])]) hear(cut)
    })
    engine.follow(() => ({ ids: this.#waiting.keys(), all: false }))
  }

  /** Lets go of all that wait: each is answered with what there is. */
  close(): void {
    this.#closing.abort()
  }

  /**
   * The newest cut of the task once it is newer than `version`; `null` when none comes within
   * `milliseconds` or the signal is aborted. Listens first and reads then, so none is missed.
   */
  newerThan(
    id: string,
    version: number,
    options: { milliseconds: number; signal: AbortSignal }
  ): Promise<Cut | null> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal])
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiting)

      const finish = (cut: Cut | null) => {
        if (!waiting.has(hear)) return
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        waiting.delete(hear)
        if (waiting.size === 0) this.#waiting.delete(id)
        resolve(cut)
      }
      const hear = (cut: Cut) => {
        if (cut.version > version) finish(cut)
      }
      const giveUp = () => finish(null)
      const timer = setTimeout(giveUp, options.milliseconds)

      waiting.add(hear)
      signal.addEventListener('abort', giveUp)
      if (signal.aborted) return giveUp()
      this.#engine.cutOf(id).then((cut) => cut && hear(cut), giveUp)
    })
  }
}
