import type { Snapshot } from './api.js'

export type * from './api.js'

/** How fresh what is shown is. */
export type Freshness = 'catching-up' | 'live' | 'stale'

export interface ResilientOptions {
  /** Milliseconds without a word after which the line counts as dead; 40,000 unless told. */
  readonly silence?: number
  readonly withCredentials?: boolean
  /** Where the platform has none of its own. */
  readonly EventSource?: unknown
}

/**
 * An EventSource that comes back from any answer but 200, and from a line that died without a word,
 * with full-jitter backoff. Tells an outage once (`error`), further failures as `retry`.
 */
export class ResilientEventSource extends EventTarget {
  constructor(url: string | URL, options?: ResilientOptions)
  readonly url: string
  readonly readyState: number
  /** How many lines in a row ended without a message. */
  readonly failures: number
  /** Whether the line is down only because nobody sees the tab. */
  readonly isResting: boolean
  close(): void
}

export interface WatchOptions extends ResilientOptions {
  /** Gets each newer snapshot, never an older one. */
  readonly onSnapshot: (snapshot: Snapshot) => void
  readonly onState?: (state: Freshness) => void
  readonly fetch?: typeof globalThis.fetch
}

/** Watches one task to its end, by a stream, or by polling where streams don't get through. */
export function watchTask(url: string, options: WatchOptions): { close(): void }

/** What `subscribe` needs of a subscription of `@adonisjs/transmit-client`. */
export interface PendingSubscription {
  readonly isCreated: boolean
  readonly isDeleted: boolean
  create(): Promise<void>
}

/**
 * Creates a subscription, again and again until the server has it: the client's own `create()` gives
 * up at the first failure without a word. Add the handler before.
 */
export function subscribe(
  subscription: PendingSubscription,
  options?: { readonly signal?: AbortSignal }
): Promise<void>
