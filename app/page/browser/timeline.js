import { clock, duration, moment, when } from './format.js'
import { byId, make, setText } from './dom.js'

/**
 * What the server logs of attempts (`app/engine/timeline.ts`). A task may log the same: then it is
 * believed, too.
 */
const begins = /^Attempt (\d+) begins\.$/
const failed =
  /^Attempt (\d+) failed(?: after ((?:[\d.]+ (?:h|min|s) ?)+))? \([\w-]+\): (.+?)( The next one begins in .+)?$/s
const interrupted = /^Attempt (\d+) was interrupted/
const units = { h: 3_600_000, min: 60_000, s: 1000 }

/** `1 min 2.5 s` in milliseconds. */
function milliseconds(text) {
  return [...text.matchAll(/([\d.]+) (h|min|s)/g)].reduce(
    (sum, [, value, unit]) => sum + value * units[unit],
    0
  )
}

/**
 * What happened to a task, attempt by attempt: when each began, how long it took, and why it failed;
 * as far as snapshots and the log tell.
 */
export class Timeline {
  #list = byId('timeline')
  /** Number of the attempt → when it began and ended (ISO 8601), how, and why: as far as is known. */
  #attempts = new Map()
  #shown = ''

  /** Takes a line of the log. */
  logged({ message, time }) {
    let match = begins.exec(message)
    if (match) this.#note(match[1], { startedAt: time })
    match = interrupted.exec(message)
    if (match) this.#note(match[1], { endedAt: time, end: 'interrupted' })
    match = failed.exec(message)
    if (!match) return
    const [, number, after, reason] = match
    this.#note(number, { endedAt: time, end: 'failed', reason })
    if (!after) return
    const startedAt = new Date(Date.parse(time) - milliseconds(after)).toISOString()
    this.#note(number, { startedAt })
  }

  /** Takes a snapshot, and draws; `now` is what is today (ms). */
  show(task, now) {
    const { attempt, status, startedAt, updatedAt, finishedAt, error } = task
    for (let number = 1; number <= attempt; number++) this.#note(number, {})
    if (attempt > 0) {
      this.#note(attempt, { startedAt })
      if (finishedAt) this.#note(attempt, { endedAt: finishedAt, end: status })
      else if (status === 'queued' && error) {
        this.#note(attempt, { endedAt: updatedAt, end: 'failed' })
      }
      if (error) this.#note(attempt, { reason: error.message })
    }
    this.#draw(this.#lines(task, now))
  }

  /** When attempts began, as far as is known (ms), the first one first. */
  get beginnings() {
    return [...this.#attempts.values()]
      .flatMap(({ startedAt }) => (startedAt ? [Date.parse(startedAt)] : []))
      .sort((a, b) => a - b)
  }

  #note(number, what) {
    const known = this.#attempts.get(Number(number)) ?? {}
    this.#attempts.set(Number(number), { ...known, ...what })
  }

  #lines(task, now) {
    const { createdAt, cancelRequestedAt, finishedAt, nextAttemptAt, status } = task
    const first = this.#attempts.get(1)?.startedAt ?? finishedAt
    const waited = first ? (Date.parse(first) - Date.parse(createdAt)) / 1000 : 0
    const line = (kind, name, time, note = '', reason = '') => ({ kind, name, time, note, reason })
    const lines = [
      line('queued', 'queued', createdAt, waited >= 1 ? `waited ${duration(waited)}` : ''),
      ...[...this.#attempts].sort(([a], [b]) => a - b).map((entry) => attemptLine(entry, task)),
    ]
    if (status === 'queued' && nextAttemptAt) {
      lines.push(line('next', `attempt ${task.attempt + 1}`, nextAttemptAt, 'waits until then'))
    }
    if (cancelRequestedAt) lines.push(line('cancel', 'cancel asked for', cancelRequestedAt))
    if (finishedAt) lines.push(line(status, status, finishedAt, task.error?.code))
    return lines.map((each) => ({ ...each, text: each.time ? when(each.time, now) : '' }))
  }

  #draw(lines) {
    const key = JSON.stringify(lines)
    if (key === this.#shown) return
    this.#shown = key
    this.#list.replaceChildren(...lines.map(drawn))
  }
}

function attemptLine([number, { startedAt, endedAt, end, reason }], { attempt, status }) {
  const isOver = end !== undefined || number < attempt
  const seconds = startedAt && endedAt && (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  const took = seconds ? duration(seconds) : ''
  const kind = isOver ? (end ?? 'failed') : 'running'
  const notes = {
    failed: took ? `failed after ${took}` : 'failed',
    interrupted: endedAt ? `interrupted at ${clock(endedAt)}` : 'interrupted',
    cancelled: took && `stopped after ${took}`,
    completed: took && `took ${took}`,
  }
  const note = isOver ? (notes[end] ?? 'over') : status === 'queued' ? '' : 'runs'
  return { kind, name: `attempt ${number}`, time: startedAt, note, reason: reason ?? '' }
}

function drawn({ kind, name, time, text, note, reason }) {
  const item = make('li', { 'data-kind': kind }, make('span', {}, name))
  if (note) item.append(make('span', { className: 'note' }, note))
  if (reason) item.append(make('span', { className: 'reason' }, reason))
  if (time) {
    const at = make('time', { datetime: time, title: moment(time), className: 'num' })
    setText(at, text)
    item.append(at)
  }
  return item
}
