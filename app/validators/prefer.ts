/** Seconds that an answer is held at most. */
const LONGEST_WAIT = 60

/**
 * The seconds that a client is ready to wait (`Prefer: wait=N`, RFC 7240), at most 60; `null` where
 * it doesn't say. As the RFC has it, other preferences and nonsense are passed over, and only the
 * first `wait` counts.
 *
 * @param header several of them joined by commas, as Node does
 */
export function preferredWait(header: string | undefined): number | null {
  if (header === undefined) return null
  const wait = preferences(header).find((each) => /^\s*wait\s*(=|;|$)/i.test(each))
  const value = /=\s*(?:"(\d+)"|(\d+))\s*(?:;|$)/.exec(wait ?? '')
  return value ? Math.min(Number(value[1] ?? value[2]), LONGEST_WAIT) : null
}

/** Those between the commas that are not inside quotes. */
function preferences(header: string): string[] {
  const found = ['']
  for (const [piece] of header.matchAll(/"(?:[^"\\]|\\.)*"?|[^",]+|,/g)) {
    if (piece === ',') found.push('')
    else found[found.length - 1] += piece
  }
  return found
}
