const CANDIDATES = [',', ';', '\t', '|']
const SAMPLED_RECORDS = 200

/**
 * The delimiter of which most records have as many as the header has; of two
 * alike the one the header has more of. A comma where the header has none, so
 * a single column is read as one.
 *
 * csv-parse's `delimiter_auto` is not used: it throws at the first character
 * beyond ASCII and takes a letter for the delimiter of a single column.
 *
 * @param text the start of the file; its last record may be cut if `isCut`
 */
export function delimiterOf(text: string, isCut: boolean): string {
  const records = countsPerRecord(text)
  if (isCut && records.length > 1) records.pop()
  const [header] = records
  let best = { delimiter: ',', alike: 0, count: 0 }
  for (const [index, delimiter] of CANDIDATES.entries()) {
    const count = header?.[index] ?? 0
    if (count === 0) continue
    const alike = records.filter((counts) => counts[index] === count).length
    if (alike > best.alike || (alike === best.alike && count > best.count))
      best = { delimiter, alike, count }
  }
  return best.delimiter
}

/** How often each candidate stands outside of quotes, for each record that is not blank. */
function countsPerRecord(text: string): number[][] {
  const records: number[][] = []
  let counts = CANDIDATES.map(() => 0)
  let quoted = false
  let startsField = true
  let isBlank = true
  for (const character of text) {
    const candidate = quoted ? -1 : CANDIDATES.indexOf(character)
    const endsLine = !quoted && (character === '\n' || character === '\r')
    if (character === '"' && (quoted || startsField)) quoted = !quoted
    if (candidate !== -1) counts[candidate] = (counts[candidate] ?? 0) + 1
    startsField = endsLine || candidate !== -1
    if (!endsLine) {
      isBlank &&= character.trim() === '' && candidate === -1
      continue
    }
    if (!isBlank && records.push(counts) === SAMPLED_RECORDS) return records
    counts = CANDIDATES.map(() => 0)
    isBlank = true
  }
  if (!isBlank) records.push(counts)
  return records
}
