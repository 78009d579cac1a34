/** The share of its time that a timer may be late. */
const SHARE = 0.01
/** Milliseconds that it may be late, at most. */
const LATEST = 64

/** When those wake who wait for the same moment. */
interface Moment {
  readonly timer: NodeJS.Timeout
  readonly waiting: Set<() => void>
}

/**
 * Timers for very many who wait, none of whom minds a hundredth more: those that are due at about
 * the same moment are due together. Each turn of the event loop in which one of thousands of
 * sleeping tasks wakes alone would begin with cold caches.
 */
export class CoalescedTimers {
  readonly #moments = new Map<number, Moment>()

  /**
   * Calls `wake` when so many milliseconds have passed, or up to a hundredth of them (64 ms at most)
   * later. Gives a function that takes it back.
   */
  set(milliseconds: number, wake: () => void): () => void {
    const step = stepOf(milliseconds)
    const now = performance.now()
    const at = Math.ceil((now + milliseconds) / step) * step
    const moment = this.#moments.get(at) ?? this.#add(at, at - now)
    moment.waiting.add(wake)
    return () => {
      moment.waiting.delete(wake)
      if (moment.waiting.size > 0) return
      clearTimeout(moment.timer)
      this.#moments.delete(at)
    }
  }

  #add(at: number, after: number): Moment {
    const waiting = new Set<() => void>()
    const timer = setTimeout(() => {
      this.#moments.delete(at)
      for (const wake of waiting) wake()
    }, after)
    const moment = { timer, waiting }
    this.#moments.set(at, moment)
    return moment
  }
}

/** Milliseconds between two moments: powers of two, so that those of long timers serve short ones. */
function stepOf(milliseconds: number): number {
  const late = Math.min(LATEST, Math.max(1, milliseconds * SHARE))
  return 2 ** Math.floor(Math.log2(late))
}
