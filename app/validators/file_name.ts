/** Characters: what common file systems take. */
const LONGEST = 255

/**
 * What makes a name a path, and what nobody sees or what turns the text around it: control
 * characters, halves of surrogate pairs, `Bidi_Control` (Unicode UTR #36, §3.1).
 */
const wrong = /[/\\\p{Cc}\p{Cs}\p{Bidi_Control}]/u

/** Why a text can't be the name of a file, `null` when it can. */
export function fileNameProblem(name: string): string | null {
  if (name.length > LONGEST) return `The name of the file may have at most ${LONGEST} characters`
  if (name === '.' || name === '..') return 'The file has no name of its own'
  return wrong.test(name)
    ? 'The name of the file must not have a path, control characters or bidirectional controls'
    : null
}
