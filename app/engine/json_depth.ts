/** Levels. Deeper values overflow the stack of whoever copies or serialises them. */
export const DEEPEST = 100

/** Whether a value is nested deeper than `DEEPEST`. Counts level by level, without recursion. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true
    level = level.flatMap((each) =>
      each !== null && typeof each === 'object'
        ? Object.values(each).filter((part) => part !== null && typeof part === 'object')
        : []
    )
  }
  return false
}
