import { ago, amount, duration, estimate, rate, when } from './format.js'

const terminal = new Set(['completed', 'failed', 'cancelled'])

export function isTerminal(status) {
  return terminal.has(status)
}

/** Between two attempts: what failed is tried again. */
export function isRetrying({ status, error }) {
  return status === 'queued' && error !== null
}

/** What is written about a task at a moment (ms). Nothing is guessed: what isn't known is ''. */
export function describe(task, now) {
  const { status, progress, health } = task
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
    /** Said only where something is to be said. */
    health: health === null || health === 'active' ? '' : health,
    ended: task.finishedAt ? ago((now - Date.parse(task.finishedAt)) / 1000) : '',
    message: messageOf(task, now),
  }
}

/**
 * What the page of a task says of it in figures, by place: a name and a value. One that has ended has
 * other things to tell.
 *
 * @param write how a moment is written
 */
export function figuresOf(task, now, write = when) {
  const { attempt, finishedAt } = task
  const about = describe(task, now)
  const { amount: done, attempt: attempts, elapsed: spent } = about
  const whole = duration(since(task.createdAt, finishedAt, now))
  const rest = { done: ['Done', done], attempt: ['Attempt', attempts], whole: ['In all', whole] }
  if (!about.isLive) {
    return {
      elapsed: [attempt > 1 ? 'Last attempt' : 'Took', spent],
      eta: ['Ended', write(finishedAt, now)],
      rate: ['Average rate', averageRate(task)],
      ...rest,
    }
  }
  const name = attempt > 1 ? 'This attempt' : 'Elapsed'
  return {
    elapsed: [task.status === 'queued' ? 'Waiting' : name, spent],
    eta: ['Remaining', about.eta],
    rate: ['Rate', about.rate],
    ...rest,
  }
}

/** Of a later attempt nobody knows from where it went on. */
function averageRate(task) {
  const { current, attempt, startedAt, finishedAt, unit } = task
  if (!current || attempt !== 1) return ''
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000
  return seconds > 0 ? rate(current / seconds, unit) : ''
}

function percentOf({ status, progress }) {
  if (status === 'completed') return '100%'
  return progress === null ? '' : `${Math.floor(progress)}%`
}

/** Seconds that its attempt has run, or that it has waited for the next one. */
export function elapsed({ status, attempt, createdAt, startedAt, updatedAt, finishedAt }, now) {
  if (status === 'queued') return since(attempt > 0 ? updatedAt : createdAt, null, now)
  return since(startedAt ?? createdAt, finishedAt, now)
}

function since(from, to, now) {
  return Math.max(0, ((to ? Date.parse(to) : now) - Date.parse(from)) / 1000)
}

/** Seconds: what was told, less what has passed since. */
export function remaining({ etaSeconds, updatedAt }, now) {
  return Math.max(1, etaSeconds - Math.max(0, (now - Date.parse(updatedAt)) / 1000))
}

/** When the next attempt begins. */
export function nextAttempt({ nextAttemptAt }, now) {
  const wait = (Date.parse(nextAttemptAt) - now) / 1000
  return wait > 0 ? `Tries again in ${duration(wait)}` : 'Tries again'
}

function messageOf(task, now) {
  const { status, error, message, cancelRequestedAt, nextAttemptAt } = task
  if (!terminal.has(status) && cancelRequestedAt) return 'Stopping …'
  const said = error?.message ?? message ?? ''
  if (status !== 'queued' || !nextAttemptAt) return said
  return [nextAttempt(task, now), said].filter(Boolean).join(': ')
}
