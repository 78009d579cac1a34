import { isTerminal } from './describe.js'
import { clock, duration, moment } from './format.js'
import { byId, make, setText } from './dom.js'

/**
 * What happened to a task, attempt by attempt: as far as its snapshots tell, with what was seen and
 * logged since.
 */
export class Timeline {
  #list = byId('timeline')
  /** Number of the attempt → when it began and ended, as far as is known. */
  #attempts = new Map()
  #shown = ''

  /** The first and the last moment of an attempt that the log knows. */
  logged({ attempt, time }) {
    const known = this.#attempt(attempt)
    if (!known.startedAt || time < known.startedAt) known.startedAt = time
  }

  show(task) {
    const { attempt, status, startedAt, updatedAt, nextAttemptAt, finishedAt } = task
    if (startedAt) {
      for (let number = 1; number < attempt; number++) this.#attempt(number)
      const current = this.#attempt(attempt)
      current.startedAt = startedAt
      current.endedAt = finishedAt ?? (nextAttemptAt && status === 'queued' ? updatedAt : null)
    }
    this.#draw(this.#lines(task))
  }

  #attempt(number) {
    if (!this.#attempts.has(number)) this.#attempts.set(number, { startedAt: null, endedAt: null })
    return this.#attempts.get(number)
  }

  #lines(task) {
    const { createdAt, startedAt, cancelRequestedAt, finishedAt, nextAttemptAt, status } = task
    const waited = task.attempt === 1 && (Date.parse(startedAt) - Date.parse(createdAt)) / 1000
    const lines = [
      ['queued', 'queued', createdAt, waited >= 1 ? `waited ${duration(waited)}` : ''],
      ...[...this.#attempts]
        .sort(([a], [b]) => a - b)
        .map((entry) => this.#attemptLine(entry, task)),
    ]
    if (status === 'queued' && nextAttemptAt) {
      lines.push(['next', `attempt ${task.attempt + 1}`, nextAttemptAt, 'waits until then'])
    }
    if (cancelRequestedAt) lines.push(['cancel', 'cancel asked for', cancelRequestedAt, ''])
    if (finishedAt) lines.push([status, status, finishedAt, task.error?.code ?? ''])
    return lines
  }

  #attemptLine([number, { startedAt, endedAt }], task) {
    const isLast = number === Math.max(1, task.attempt)
    const took = startedAt && endedAt && (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
    let note = ''
    if (!isLast || (task.status === 'queued' && task.nextAttemptAt)) note = 'failed'
    else if (took) note = `took ${duration(took)}`
    const kind = isLast && !isTerminal(task.status) && note !== 'failed' ? 'running' : 'attempt'
    return [note === 'failed' ? 'failed' : kind, `attempt ${number}`, startedAt, note]
  }

  #draw(lines) {
    const key = JSON.stringify(lines)
    if (key === this.#shown) return
    this.#shown = key
    this.#list.replaceChildren(...lines.map(drawn))
  }
}

function drawn([kind, name, time, note]) {
  const item = make('li', { 'data-kind': kind }, make('span', {}, name))
  if (note) item.append(make('span', { className: 'note' }, note))
  if (time) {
    const at = make('time', { datetime: time, title: moment(time), className: 'num' })
    setText(at, clock(time))
    item.append(at)
  }
  return item
}
