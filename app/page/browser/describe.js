import { amount, duration, estimate, rate } from './format.js'

const terminal = new Set(['completed', 'failed', 'cancelled'])

export function isTerminal(status) {
  return terminal.has(status)
}

/** What is written about a task at a moment (ms). Nothing is guessed: what isn't known is ''. */
export function describe(task, now) {
  const { status, progress } = task
  const isLive = !terminal.has(status)
  const isRunning = status === 'processing'
  return {
    isLive,
    percent: percentOf(task),
    /** 0–100 for the bar, `null` for an indeterminate one. */
    bar: progress ?? (isLive ? null : status === 'completed' ? 100 : 0),
    amount: task.current === null ? '' : amount(task.current, task.total, task.unit),
    rate: isRunning && task.rate !== null ? rate(task.rate, task.unit) : '',
    eta: isRunning && task.etaSeconds !== null ? estimate(remaining(task, now)) : '',
    elapsed: duration(elapsed(task, now)),
    attempt: task.attempt > 0 ? `${task.attempt} of ${task.maxAttempts}` : '',
    health: task.health ?? '',
    message: messageOf(task, now),
  }
}

function percentOf({ status, progress }) {
  if (status === 'completed') return '100%'
  return progress === null ? '' : `${Math.floor(progress)}%`
}

/** Seconds that it has run, or waited. */
export function elapsed(task, now) {
  const from = Date.parse(task.startedAt ?? task.createdAt)
  const to = task.finishedAt ? Date.parse(task.finishedAt) : now
  return Math.max(0, (to - from) / 1000)
}

/** Seconds: what was told, less what has passed since. */
export function remaining({ etaSeconds, updatedAt }, now) {
  return Math.max(1, etaSeconds - Math.max(0, (now - Date.parse(updatedAt)) / 1000))
}

function messageOf(task, now) {
  const { status, error, message, cancelRequestedAt, nextAttemptAt } = task
  if (!terminal.has(status) && cancelRequestedAt) return 'Stopping …'
  const said = error?.message ?? message ?? ''
  if (status !== 'queued' || !nextAttemptAt) return said
  const wait = (Date.parse(nextAttemptAt) - now) / 1000
  return [wait > 0 ? `Tries again in ${duration(wait)}` : 'Tries again', said]
    .filter(Boolean)
    .join(': ')
}
