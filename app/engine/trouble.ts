import { setTimeout } from 'node:timers/promises'
import { DatabaseUnavailable, StorageFull } from '#engine/errors'

/** Milliseconds before another try: doubled from the first to the last. */
const RETRY = { first: 20, last: 1000 }
/** Milliseconds that a client is kept waiting for a database that is locked. */
const CLIENT_PATIENCE = 5000

/** What passes by itself: locked by another process, full, or gone with its disk for a while. */
const troubles = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|PROTOCOL)/

export function isTrouble(error: unknown): boolean {
  return troubles.test(codeOf(error))
}

/** Whether the disk has no room left. */
export function isFull(error: unknown): boolean {
  return ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'].includes(codeOf(error))
}

/**
 * Does the work again while the database is in trouble, without blocking anybody meanwhile. Throws
 * the last error when `signal` is aborted, and any other error at once.
 */
export async function persist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let wait = RETRY.first; ; wait = Math.min(wait * 2, RETRY.last)) {
    try {
      return await work()
    } catch (error) {
      if (!isTrouble(error) || signal.aborted) throw error
      await setTimeout(wait, undefined, { signal }).catch(() => {})
    }
  }
}

/** The same on behalf of a client. Throws `StorageFull` or `DatabaseUnavailable` after 5 s. */
export async function persistForClient<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await persist(work, AbortSignal.timeout(CLIENT_PATIENCE))
  } catch (error) {
    throw toldOf(error)
  }
}

/** The error that clients are told: `StorageFull` or `DatabaseUnavailable` for what passes, else itself. */
export function toldOf(error: unknown): unknown {
  if (isFull(error)) return new StorageFull(error)
  return isTrouble(error) ? new DatabaseUnavailable(error) : error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
