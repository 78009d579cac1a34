import type { News } from '#realtime/news'
import { Encoding } from '#realtime/encoding'
import { isTerminal } from '#engine/status'
import { progressLine } from '#realtime/progress_line'

/** One column less than the narrowest terminal: a line that wraps can't be drawn over. */
const WIDTH = 79

/**
 * One line that draws itself again over the last one: a progress bar for `curl -N`. Needs nothing of
 * the terminal but `\r`. Each line has the full width, so that nothing of the last one stays.
 */
class LineEncoding extends Encoding {
  override readonly contentType = 'text/plain; charset=utf-8'
  override readonly keepAlive = '\r'
  readonly isOfOneTask = true
  protected readonly comeback = 1000

  override greeting(): string {
    return ''
  }

  override retry(milliseconds: number): string {
    return `\nTo be continued: ask again in ${Math.ceil(milliseconds / 1000)} s.\n`
  }

  protected encode(_channel: string, { snapshot }: News): string {
    if (!snapshot) return ''
    const line = [...progressLine(snapshot)]
    if (isTerminal(snapshot.status)) return `\r${line.join('').padEnd(WIDTH)}\n`
    return `\r${line.slice(0, WIDTH).join('').padEnd(WIDTH)}`
  }
}

export const lineEncoding = new LineEncoding()
