/** Milliseconds for which the subscriptions of a uid without a stream are kept. */
const KEPT_FOR = 300_000
/** Of all clients together, each of whom counts as one more: it may have subscribed to nothing yet. */
const MOST_CHANNELS = 100_000
/** Of one. */
const MOST_OF_ONE = 1000

interface Kept {
  readonly owner: string
  readonly channels: Set<string>
  readonly until: number
}

/**
 * What the streams that were lost or sent away a short while ago are subscribed to. Lets a client
 * that comes back under its uid go on without asking: its own attempt to subscribe again may fail
 * unnoticed.
 */
export class StickySubscriptions {
  readonly #kept = new Map<string, Kept>()
  #size = 0

  remember(uid: string, owner: string, channels: readonly string[]): void {
    this.#forget(uid)
    const until = performance.now() + KEPT_FOR
    this.#kept.set(uid, { owner, channels: new Set(channels), until })
    this.#size += channels.length + 1
    this.#trim()
  }

  /** Whose uid it was. */
  ownerOf(uid: string): string | undefined {
    return this.#kept.get(uid)?.owner
  }

  /** What the uid was subscribed to, once. */
  take(uid: string): readonly string[] {
    const channels = this.#kept.get(uid)?.channels ?? []
    this.#forget(uid)
    return [...channels]
  }

  /** Subscribes a uid that is away. Gives whether it had room, and was known. */
  add(uid: string, channel: string): boolean {
    const channels = this.#kept.get(uid)?.channels
    if (!channels || (channels.size >= MOST_OF_ONE && !channels.has(channel))) return false
    this.#size += channels.has(channel) ? 0 : 1
    channels.add(channel)
    this.#trim()
    return this.#kept.has(uid)
  }

  /** Unsubscribes a uid that is away. */
  remove(uid: string, channel: string): void {
    if (this.#kept.get(uid)?.channels.delete(channel)) this.#size--
  }

  /** To be called now and then. */
  expire(now = performance.now()): void {
    for (const [uid, { until }] of this.#kept) {
      if (until > now) break
      this.#forget(uid)
    }
  }

  /** Forgets the oldest while there are too many. */
  #trim(): void {
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= MOST_CHANNELS) break
      this.#forget(oldest)
    }
  }

  #forget(uid: string): void {
    const kept = this.#kept.get(uid)
    if (!kept) return
    this.#size -= kept.channels.size + 1
    this.#kept.delete(uid)
  }
}
