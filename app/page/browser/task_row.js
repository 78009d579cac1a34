import { describe } from './describe.js'
import { make, setBar, setData, setText, setTextAndTitle } from './dom.js'

/** One row of the list, for one task after the other. */
export class TaskRow {
  element
  task
  #parts
  #top

  constructor() {
    const part = (name, className) => make(name, { className })
    const parts = {
      link: part('a', 'type'),
      id: part('code', 'id'),
      message: part('span', 'message'),
      bar: make('progress', { max: 100 }),
      percent: part('span', 'percent num'),
      amount: part('span', 'amount num'),
      rate: part('span', 'num'),
      eta: part('span', 'num'),
      elapsed: part('span', 'num'),
      attempt: part('span', 'num'),
      status: part('span', 'status'),
      note: part('span', 'note'),
    }
    const cell = (name, ...children) =>
      make('div', { role: 'cell', className: `cell ${name}` }, ...children)
    this.#parts = parts
    this.element = make(
      'div',
      { role: 'row', className: 'row' },
      cell('about', make('span', { className: 'name' }, parts.link, ' ', parts.id), parts.message),
      cell('progress', parts.bar, parts.percent, parts.amount),
      cell('rate', parts.rate),
      cell('eta', parts.eta),
      cell('elapsed', parts.elapsed),
      cell('attempt', parts.attempt),
      cell('state', parts.status, parts.note)
    )
  }

  /** Moves without a layout. */
  place(index, height) {
    const top = index * height
    if (top === this.#top) return
    this.#top = top
    this.element.style.transform = `translateY(${top}px)`
    this.element.setAttribute('aria-rowindex', index + 2)
  }

  show(task, now) {
    const parts = this.#parts
    const about = describe(task, now)
    if (this.task?.id !== task.id) {
      parts.link.href = `/tasks/${task.id}`
      setTextAndTitle(parts.link, task.type)
      setText(parts.id, task.id.slice(0, 8))
      parts.bar.setAttribute('aria-label', `Progress of ${task.type} ${task.id.slice(0, 8)}`)
    }
    this.task = task
    setData(this.element, 'status', task.status)
    setData(this.element, 'health', task.health ?? '')
    setTextAndTitle(parts.message, about.message)
    setBar(parts.bar, about.bar)
    setText(parts.percent, about.percent)
    setTextAndTitle(parts.amount, about.amount)
    setTextAndTitle(parts.rate, about.rate)
    setText(parts.eta, about.eta)
    setText(parts.elapsed, about.elapsed)
    setText(parts.attempt, about.attempt)
    setText(parts.status, task.status)
    setText(parts.note, about.health || about.ended)
  }

  focus() {
    this.#parts.link.focus({ preventScroll: true })
  }
}
