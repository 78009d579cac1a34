import type { News } from '#realtime/news'
import { Encoding } from '#realtime/encoding'

/** The one-request stream: unnamed events, so that `onmessage` gets them; their id is the version. */
class EventEncoding extends Encoding {
  readonly isOfOneTask = true
  protected readonly comeback = 1000

  protected encode(_channel: string, { version, json }: News): string {
    return `id: ${version}\ndata: ${json}\n\n`
  }
}

export const eventEncoding = new EventEncoding()
