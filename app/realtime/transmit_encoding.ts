import type { News } from '#realtime/news'
import { Encoding } from '#realtime/encoding'

/** As Transmit's clients expect it: `{channel, payload}` in one `data` line. */
class TransmitEncoding extends Encoding {
  /** Transmit's own ping, which its clients ignore: a watchdog in the browser hears no comment. */
  override readonly keepAlive = 'data: {"channel":"$$transmit/ping","payload":{}}\n\n'
  readonly isOfOneTask = false
  /** The stock client gives up after five errors. */
  protected readonly comeback = 4000

  protected encode(channel: string, { json }: News): string {
    return `data: {"channel":${JSON.stringify(channel)},"payload":${json}}\n\n`
  }
}

export const transmitEncoding = new TransmitEncoding()
