import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { TASK_LIST } from '#realtime/channels'

/** Seconds in which every watched task has its turn. */
const ROUND = 15
/** Milliseconds after the end of a task for which its end is repeated. */
const AFTER_END = 30_000

/**
 * Which watched channels are to be told again (invariant 9). Each has its second in a round, by its
 * name, so that they don't come in one burst; one whose end was repeated long enough is left alone.
 */
export class AntiEntropy {
  readonly #settled = new Set<string>()
  #second = 0

  /** The channels whose turn it is now. To be called every second. */
  next(watched: ReadonlyMap<string, unknown>): string[] {
    this.#second = (this.#second + 1) % ROUND
    for (const channel of this.#settled) if (!watched.has(channel)) this.#settled.delete(channel)
    const due: string[] = []
    for (const channel of watched.keys()) {
      if (secondOf(channel) === this.#second && !this.#settled.has(channel)) due.push(channel)
    }
    return due
  }

  /** Notes that somebody new watches: what he was told at first may have been lost, too. */
  watched(channel: string): void {
    this.#settled.delete(channel)
  }

  /** Notes that a cut was told again. */
  told({ snapshot }: Cut): void {
    if (!isTerminal(snapshot.status)) return
    const since = Date.now() - Date.parse(snapshot.finishedAt ?? snapshot.updatedAt)
    if (since >= AFTER_END) this.#settled.add(snapshot.channel)
  }
}

/**
 * By the last two digits of the task's id: those of a time-ordered one differ most there. All that
 * are watched are asked every second, so nothing is allocated.
 */
function secondOf(channel: string): number {
  if (channel === TASK_LIST) return 0
  const last = channel.length - 1
  return (7 * channel.charCodeAt(last - 1) + channel.charCodeAt(last)) % ROUND
}
