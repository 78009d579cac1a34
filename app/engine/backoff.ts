/** How long to wait before another attempt: doubled each time, and spread by chance. */
export interface Backoff {
  readonly first: string
  readonly longest: string
}
