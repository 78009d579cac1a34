/*
| The thread of the watchdog. It runs without the loader of the main thread, hence imports nothing
| of the application, and opens the database only while it has something to tell.
*/

import { workerData } from 'node:worker_threads'
import type { WatchdogData } from './watchdog.js'

/** Milliseconds without a beat after which the loop counts as blocked. */
const BLOCKED_AFTER = 2000

const { runnerId, database, beat, shared } = workerData as WatchdogData
const memory = new Int32Array(shared)
let beats = 0
let beatAt = performance.now()
let told = false

async function look(): Promise<void> {
  const seen = Atomics.load(memory, 0)
  if (seen !== beats) {
    beats = seen
    beatAt = performance.now()
  }
  const isBlocked = performance.now() - beatAt >= BLOCKED_AFTER
  Atomics.store(memory, 1, isBlocked ? 1 : 0)
  if (isBlocked === told) return
  const { default: SQLite } = await import('better-sqlite3')
  const connection = new SQLite(database, { timeout: beat })
  try {
    const since = isBlocked ? new Date(Date.now() - BLOCKED_AFTER).toISOString() : null
    connection.prepare('update runners set busy_since = ? where id = ?').run(since, runnerId)
    told = isBlocked
  } finally {
    connection.close()
  }
}

// What can't be told now is told with the next look.
setInterval(() => void look().catch(() => {}), beat)
