import { taskOf } from '#realtime/channels'
import type { EventStream } from '#realtime/event_stream'

/** A channel, for as long as somebody watches it. */
export interface Channel {
  readonly name: string
  /** `null` for that of many tasks. */
  readonly taskId: string | null
  /** Empty once nobody watches it any more. */
  readonly streams: ReadonlySet<EventStream>
}

interface Entry extends Channel {
  readonly streams: Set<EventStream>
}

const none: ReadonlySet<EventStream> = new Set()
const noChannels: ReadonlySet<string> = new Set()

/** Which streams are subscribed to which channel. Finding them costs their number, no more. */
export class ChannelIndex {
  readonly #channels = new Map<string, Entry>()
  readonly #ofStream = new Map<EventStream, Set<string>>()

  add(name: string, stream: EventStream): Channel {
    let channel = this.#channels.get(name)
    if (!channel) {
      channel = { name, taskId: taskOf(name), streams: new Set() }
      this.#channels.set(name, channel)
    }
    channel.streams.add(stream)
    const names = this.#ofStream.get(stream)
    if (names) names.add(name)
    else this.#ofStream.set(stream, new Set([name]))
    return channel
  }

  remove(name: string, stream: EventStream): void {
    const streams = this.#channels.get(name)?.streams
    if (streams?.delete(stream) && streams.size === 0) this.#channels.delete(name)
    const names = this.#ofStream.get(stream)
    if (names?.delete(name) && names.size === 0) this.#ofStream.delete(stream)
    stream.forget(name)
  }

  /** A channel that somebody watches. */
  find(name: string): Channel | undefined {
    return this.#channels.get(name)
  }

  subscribers(name: string): ReadonlySet<EventStream> {
    return this.find(name)?.streams ?? none
  }

  has(name: string, stream: EventStream): boolean {
    return this.subscribers(name).has(stream)
  }

  /** All channels that somebody watches. */
  channels(): readonly Channel[] {
    return [...this.#channels.values()]
  }

  /** The channels of one stream, by name. */
  channelsOf(stream: EventStream): ReadonlySet<string> {
    return this.#ofStream.get(stream) ?? noChannels
  }
}
