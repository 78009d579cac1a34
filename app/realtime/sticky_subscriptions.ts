/** Milliseconds for which the subscriptions of a lost connection are kept. */
const KEPT_FOR = 300_000
/** Of all clients together. */
const MOST_CHANNELS = 100_000

interface Kept {
  readonly owner: string
  readonly channels: readonly string[]
  readonly until: number
}

/**
 * What the streams that were lost a short while ago were subscribed to. Lets a client that comes
 * back under its uid go on without asking: its own attempt to subscribe again may fail unnoticed.
 */
export class StickySubscriptions {
  readonly #kept = new Map<string, Kept>()
  #size = 0

  remember(uid: string, owner: string, channels: readonly string[]): void {
    this.#forget(uid)
    this.#kept.set(uid, { owner, channels, until: performance.now() + KEPT_FOR })
    this.#size += channels.length
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= MOST_CHANNELS) break
      this.#forget(oldest)
    }
  }

  /** Whose uid it was. */
  ownerOf(uid: string): string | undefined {
    return this.#kept.get(uid)?.owner
  }

  /** What the uid was subscribed to, once. */
  take(uid: string): readonly string[] {
    const channels = this.#kept.get(uid)?.channels ?? []
    this.#forget(uid)
    return channels
  }

  /** To be called now and then. */
  expire(now = performance.now()): void {
    for (const [uid, { until }] of this.#kept) {
      if (until > now) break
      this.#forget(uid)
    }
  }

  #forget(uid: string): void {
    this.#size -= this.#kept.get(uid)?.channels.length ?? 0
    this.#kept.delete(uid)
  }
}
