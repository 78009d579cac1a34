import type { EventStream } from '#realtime/event_stream'

const none: ReadonlySet<EventStream> = new Set()
const noChannels: ReadonlySet<string> = new Set()

/** Which streams are subscribed to which channel. Finding them costs their number, no more. */
export class ChannelIndex {
  readonly #streams = new Map<string, Set<EventStream>>()
  readonly #channels = new Map<EventStream, Set<string>>()

  add(channel: string, stream: EventStream): void {
    grow(this.#streams, channel, stream)
    grow(this.#channels, stream, channel)
  }

  remove(channel: string, stream: EventStream): void {
    shrink(this.#streams, channel, stream)
    shrink(this.#channels, stream, channel)
    stream.forget(channel)
  }

  subscribers(channel: string): ReadonlySet<EventStream> {
    return this.#streams.get(channel) ?? none
  }

  has(channel: string, stream: EventStream): boolean {
    return this.subscribers(channel).has(stream)
  }

  /** All channels that somebody watches. */
  channels(): ReadonlyMap<string, unknown> {
    return this.#streams
  }

  /** The channels of one stream. */
  channelsOf(stream: EventStream): ReadonlySet<string> {
    return this.#channels.get(stream) ?? noChannels
  }
}

function grow<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set) set.add(value)
  else map.set(key, new Set([value]))
}

function shrink<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set?.delete(value) && set.size === 0) map.delete(key)
}
