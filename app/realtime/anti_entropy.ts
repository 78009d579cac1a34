import type { Cut } from '#engine/cut'
import { Turns } from '#engine/turns'
import type { Channel } from '#realtime/channel_index'
import { isTerminal } from '#engine/status'

/** Seconds in which every watched task has its turn. */
const ROUND = 15
/** Milliseconds after the end of a task for which its end is repeated. */
const AFTER_END = 30_000

/**
 * Which watched channels are to be told again (invariant 9). Each has its second in a round, by its
 * name, so that they don't come in one burst; one whose end was repeated long enough is left alone.
 */
export class AntiEntropy {
  readonly #turns = new Turns<Channel>()

  /** The channels whose turn it is now. To be called every second. */
  next(): Channel[] {
    const due: Channel[] = []
    this.#turns.next((channel) => {
      if (channel.streams.size === 0) return null
      due.push(channel)
      return ROUND
    })
    return due
  }

  /** Notes that somebody new watches: what he was told at first may have been lost, too. */
  watched(channel: Channel): void {
    if (!this.#turns.has(channel)) this.#turns.add(channel, 1 + secondOf(channel.name))
  }

  /** Notes that a cut was told again. */
  told(channel: Channel, cut: Cut): void {
    if (!isTerminal(cut.status)) return
    const { finishedAt, updatedAt } = cut.snapshot
    if (Date.now() - Date.parse(finishedAt ?? updatedAt) >= AFTER_END) this.#turns.delete(channel)
  }
}

/** By the last two digits of the task's id: those of a time-ordered one differ most there. */
function secondOf(name: string): number {
  const last = name.length - 1
  return (7 * name.charCodeAt(last - 1) + name.charCodeAt(last)) % ROUND
}
