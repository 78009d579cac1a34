import type { News } from '#realtime/news'
import type { LogLine } from '#engine/run_log'
import { Encoding } from '#realtime/encoding'

/**
 * The one-request stream: unnamed events, so that `onmessage` gets them; their id is the version.
 * Only log lines carry a name, and no id: what the client has is told by the last snapshot.
 */
class EventEncoding extends Encoding {
  readonly isOfOneTask = true
  protected readonly comeback = 1000

  readonly #lines = new WeakMap<LogLine, Buffer>()

  override line(line: LogLine): Buffer {
    let frame = this.#lines.get(line)
    if (!frame) {
      frame = Buffer.from(`event: log\ndata: ${JSON.stringify(line)}\n\n`)
      this.#lines.set(line, frame)
    }
    return frame
  }

  protected encode(_channel: string, { version, json }: News): string {
    return `id: ${version}\ndata: ${json}\n\n`
  }
}

export const eventEncoding = new EventEncoding()
