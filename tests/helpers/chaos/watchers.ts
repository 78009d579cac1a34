import { EventSource } from 'eventsource'
import { setTimeout } from 'node:timers/promises'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { ResilientEventSource, watchTask } from '../../../app/page/client.js'

/** What a client was shown of a task. */
interface Shown {
  readonly id: string
  readonly version: number
}

/** A client that watches some tasks to their ends, over every outage. */
export interface Watcher {
  readonly name: string
  /** All that it was shown, in order. */
  readonly seen: readonly Shown[]
  /** Settles when it watches, or has given up trying to. */
  readonly ready: Promise<unknown>
  /** Why nothing can be expected of it any more, by its own account; `null` while it goes on. */
  gaveUp(id: string): string | null
  close(): void
}

export function watchersOf(url: string, ids: readonly string[]): Watcher[] {
  return [
    stock('stock client', new NaiveClient(url), ids),
    stock('stock client with the helper', new NaiveClient(url, resilient), ids),
    helper('watchTask', url, ids, EventSource),
    helper('watchTask by long polls', url, ids),
    poller(url, ids),
  ]
}

const resilient = (url: string | URL, options: EventSourceInit) =>
  new ResilientEventSource(url, { ...options, EventSource }) as unknown as globalThis.EventSource

/**
 * Default options. It gives up after five errors in a row, and it does not repeat a subscription that
 * failed at the first time: both are its own, documented limits.
 */
function stock(name: string, client: NaiveClient, ids: readonly string[]): Watcher {
  const returned = new Map<string, boolean>()
  const ready = Promise.all(
    ids.map(async (id) => returned.set(id, (await client.watch(id)).isCreated))
  )
  return {
    name,
    ready,
    seen: client.seen,
    gaveUp: (id) =>
      client.hasGivenUp
        ? 'five errors in a row'
        : returned.get(id) === false
          ? 'its subscription failed'
          : null,
    close: () => client.close(),
  }
}

/** The browser helper without Transmit; without a source it polls, as Node has none of its own. */
function helper(
  name: string,
  url: string,
  ids: readonly string[],
  source?: typeof EventSource
): Watcher {
  const seen: Shown[] = []
  const watches = ids.map((id) =>
    watchTask(`${url}/tasks/${id}`, {
      EventSource: source,
      onSnapshot: (snapshot) => seen.push(snapshot),
    })
  )
  return {
    name,
    seen,
    ready: Promise.resolve(),
    gaveUp: () => null,
    close: () => watches.forEach((watch) => watch.close()),
  }
}

function poller(url: string, ids: readonly string[]): Watcher {
  const seen: Shown[] = []
  const stop = new AbortController()
  const poll = async (id: string) => {
    while (!stop.signal.aborted) {
      const answer = await fetch(`${url}/tasks/${id}/progress`).catch(() => null)
      const body = answer?.ok ? await answer.json().catch(() => null) : null
      if (body) seen.push(body as Shown)
      await setTimeout(100)
    }
  }
  for (const id of ids) void poll(id)
  return {
    name: 'poller',
    seen,
    ready: Promise.resolve(),
    gaveUp: () => null,
    close: () => stop.abort(),
  }
}
