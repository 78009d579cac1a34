import type { News } from '#realtime/news'
import stringWidth from 'string-width'
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
    const line = progressLine(snapshot)
    return isTerminal(snapshot.status) ? `\r${filled(line)}\n` : `\r${filled(cropped(line))}`
  }
}

const characters = new Intl.Segmenter()

/** As much of a text as fits into the width: a Chinese character takes two columns, an accent none. */
function cropped(text: string): string {
  let columns = 0
  let fits = ''
  for (const { segment } of characters.segment(text)) {
    columns += stringWidth(segment)
    if (columns > WIDTH) break
    fits += segment
  }
  return fits
}

/** With blanks up to the width. */
function filled(text: string): string {
  return text + ' '.repeat(Math.max(0, WIDTH - stringWidth(text)))
}

export const lineEncoding = new LineEncoding()
