import type { Cut } from '#engine/cut'
import type { Engine } from '#engine/engine'
import { isTerminal } from '#engine/status'

/** How long a request waits. */
export interface Patience {
  readonly milliseconds: number
  /** Aborted when the client has hung up. */
  readonly signal: AbortSignal
}

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
      const waiting = this.#waiting.get(cut.id)
      if (waiting) for (const hear of [...waiting]) hear(cut)
    })
    engine.follow(() => ({ ids: this.#waiting.keys(), all: false }))
  }

  /** How many requests wait. */
  get size(): number {
    let size = 0
    for (const { size: some } of this.#waiting.values()) size += some
    return size
  }

  /** Lets go of all that wait: each is answered with what there is. */
  close(): void {
    this.#closing.abort()
  }

  /** The newest cut of the task once it is newer than `version`; `null` when patience ends. */
  newerThan(id: string, version: number, patience: Patience): Promise<Cut | null> {
    return this.#until(id, (cut) => cut.version > version, patience)
  }

  /** The terminal cut of the task; `null` when patience ends. */
  endOf(id: string, patience: Patience): Promise<Cut | null> {
    return this.#until(id, ({ status }) => isTerminal(status), patience)
  }

  /** Listens first and reads then, so that nothing is missed. */
  #until(id: string, is: (cut: Cut) => boolean, patience: Patience): Promise<Cut | null> {
    const signal = AbortSignal.any([patience.signal, this.#closing.signal])
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
        if (is(cut)) finish(cut)
      }
      const giveUp = () => finish(null)
      const timer = setTimeout(giveUp, patience.milliseconds)

      waiting.add(hear)
      signal.addEventListener('abort', giveUp)
      if (signal.aborted) return giveUp()
      this.#engine.cutOf(id).then((cut) => cut && hear(cut), giveUp)
    })
  }
}
