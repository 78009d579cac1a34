/** Interruptions without a new checkpoint after which a task runs alone: it may be to blame. */
export const SUSPECT_AFTER = 2

/** Those after which it is not tried again. */
export const POISON_AFTER = 3
