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
 */
export const ALONE_FOR = 60_000
