/**
 * The physical line on which a quote opens that is still open at the end of
 * `text`, or undefined if none is. `text` starts with a record, on `line`.
 */
export function openQuoteLine(text: string, delimiter: string, line: number): number | undefined {
  let current = line
  let opened: number | undefined
  let startsField = true
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n' || (character === '\r' && text[at + 1] !== '\n')) current++
    if (opened !== undefined) {
      if (character !== '"') continue
      if (text[at + 1] === '"') at++
      else opened = undefined
      startsField = false
    } else if (character === '"' && startsField) {
      opened = current
    } else {
      startsField = character === '\n' || character === '\r' || text.startsWith(delimiter, at)
    }
  }
  return opened
}
