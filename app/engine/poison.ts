/**
 * Interruptions without a new checkpoint after which a task is a suspect: it runs alone, since it may
 * be to blame.
 */
export const SUSPECT_AFTER = 2

/** Those after which it is not tried again. */
export const POISON_AFTER = 3

/**
 * Milliseconds that a suspect waits for the others to end, and that the others wait for it; then they
 * run side by side. No two suspects do, so a crash makes nobody fail but the suspect: the others
 * have one interruption at most, and become suspects themselves.
 *
 * Not for as long as it runs: a task that takes the process down mostly does so early, while an
 * import of an hour that two deploys killed would hold up everybody else for nothing. What the bound
 * costs is at most a further attempt of its neighbours.
 */
export const ALONE_FOR = 60_000
