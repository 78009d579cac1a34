import type { Outcome } from '#engine/run'
import { milliseconds } from '#engine/duration'
import type { Backoff } from '#engine/backoff'
import { now, wasStopped, type TaskFailure, type TaskState } from '#engine/task_state'

export interface Circumstances {
  readonly backoff: Backoff
  /** How many attempts may fail, as the type says. */
  readonly attempts: number
  /** Whether it left a checkpoint from which it can go on. */
  readonly hasCheckpoint: boolean
}

/**
 * What becomes of a task when a run of it is over: the one place that decides about another
 * attempt. `null` when the run is fenced off and nothing is to be written.
 */
export function settle(
  last: TaskState,
  outcome: Outcome,
  circumstances: Circumstances
): TaskState | null {
  switch (outcome.status) {
    case 'fenced':
      return null
    case 'completed':
      return ended(last, { status: 'completed', progress: 100, result: outcome.result })
    case 'cancelled':
      return ended(last, { status: 'cancelled', error: outcome.error })
    case 'failed':
      return outcome.retry && last.attempt < last.maxAttempts
        ? waiting(last, outcome.error, pause(failedOf(last, circumstances), circumstances.backoff))
        : ended(last, { status: 'failed', error: outcome.error })
    case 'interrupted':
      return circumstances.hasCheckpoint || last.maxAttempts > 1
        ? interrupted(last)
        : ended(last, { status: 'failed', error: wasStopped })
  }
}

/** A task that was asked to stop while its run came to another end. */
export function cancelledInstead(state: TaskState): TaskState {
  const { updatedAt: finishedAt } = state
  return { ...state, status: 'cancelled', error: null, nextAttemptAt: null, finishedAt }
}

/** How many attempts have failed: each interrupted one has raised `maxAttempts` by one. */
function failedOf({ attempt, maxAttempts }: TaskState, { attempts }: Circumstances): number {
  // A deploy may have changed what the type says meanwhile.
  return Math.min(Math.max(1, attempts - (maxAttempts - attempt)), attempt)
}

/** Milliseconds before the next attempt: doubled each time, half of it left to chance. */
export function pause(failed: number, { first, longest }: Backoff): number {
  const whole = Math.min(milliseconds(first) * 2 ** (failed - 1), milliseconds(longest))
  return Math.round(whole * (0.5 + Math.random() / 2))
}

/** A waiting task keeps the error of its last attempt, so that people see why it waits. */
function waiting(last: TaskState, error: TaskFailure, wait: number): TaskState {
  const nextAttemptAt = new Date(Date.now() + wait).toISOString()
  return { ...next(last), status: 'queued', error, nextAttemptAt }
}

/** It isn't the task's fault: the attempt is given back. */
function interrupted(last: TaskState): TaskState {
  return { ...next(last), status: 'queued', maxAttempts: last.maxAttempts + 1 }
}

function ended(last: TaskState, end: Partial<TaskState>): TaskState {
  const state = next(last)
  return { ...state, finishedAt: state.updatedAt, ...end }
}

function next(last: TaskState): TaskState {
  return {
    ...last,
    result: null,
    error: null,
    rate: null,
    etaSeconds: null,
    etaBasis: null,
    version: last.version + 1,
    updatedAt: now(),
  }
}
