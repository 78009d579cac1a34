import { EventSource } from 'eventsource'
import type { Snapshot } from '#engine/snapshot'
import { Transmit } from '@adonisjs/transmit-client'

type SourceFactory = (url: string | URL, options: EventSourceInit) => globalThis.EventSource

const plainSource: SourceFactory = (url, options) =>
  new EventSource(url, options) as unknown as globalThis.EventSource

/**
 * The unmodified client of the framework, as its README shows it, which renders whatever comes
 * last. Node has no EventSource of its own, hence the factory.
 */
export class NaiveClient {
  readonly seen: Snapshot[] = []
  readonly transmit: Transmit
  connections = 0
  /** Whether the client has said that it gives up: after five errors in a row, by default. */
  hasGivenUp = false

  constructor(baseUrl: string, makeSource: SourceFactory = plainSource) {
    const onReconnectFailed = () => void (this.hasGivenUp = true)
    this.transmit = new Transmit({ baseUrl, eventSourceFactory: makeSource, onReconnectFailed })
    this.transmit.on('connected', () => this.connections++)
  }

  /** Subscribes; the handler is there before the subscription is, or after it. */
  async watch(id: string, order: 'handler-first' | 'handler-last' = 'handler-first') {
    const subscription = this.transmit.subscription(`long-task/${id}`)
    const render = (snapshot: Snapshot) => void this.seen.push(snapshot)
    if (order === 'handler-first') subscription.onMessage(render)
    await subscription.create()
    if (order === 'handler-last') subscription.onMessage(render)
    return subscription
  }

  /** What the client shows. */
  get shown(): Snapshot | undefined {
    return this.seen.at(-1)
  }

  close(): void {
    this.transmit.close()
  }
}
