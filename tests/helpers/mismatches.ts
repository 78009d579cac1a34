const mismatches: string[] = []

/** Notes that an answer was not as documented. */
export function noteMismatch(mismatch: string): void {
  mismatches.push(mismatch)
}

/** Throws what was noted since the last call: each mismatch fails a test. */
export function assertNoMismatch(): void {
  if (mismatches.length > 0) throw new Error(mismatches.splice(0).join('\n'))
}
