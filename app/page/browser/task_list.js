import { TaskRow } from './task_row.js'

/** Rows beyond either edge of the window. */
const MARGIN = 6

/**
 * Shows any number of tasks with as many rows as fit the window: rows are moved and used again. A
 * row with the focus stays, also out of sight.
 */
export class TaskList {
  #body
  #height = 60
  #rows = new Map()
  #spare = []
  #tasks = []
  #now = 0

  constructor(body) {
    this.#body = body
    body.addEventListener('keydown', (event) => this.#moveFocus(event))
    this.measure()
  }

  /** To be called when the width of the window may have changed. */
  measure() {
    this.#height = Number.parseFloat(getComputedStyle(this.#body).getPropertyValue('--row'))
  }

  /** How many rows are left below the window. */
  get below() {
    const { last } = this.#window()
    return this.#tasks.length - last
  }

  /** @param now what times are compared with (ms) */
  render(tasks, now) {
    this.#now = now
    this.#tasks = tasks
    const total = `${tasks.length * this.#height}px`
    if (this.#body.style.height !== total) this.#body.style.height = total
    const { first, last } = this.#window()
    const wanted = new Map()
    for (let index = first; index < last; index++) wanted.set(tasks[index].id, index)
    this.#keepFocused(wanted)
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue
      this.#rows.delete(id)
      this.#spare.push(row)
    }
    let next = this.#body.firstChild
    for (const [id, index] of wanted) {
      const row = this.#rowOf(id)
      row.place(index, this.#height)
      row.show(tasks[index], now)
      next = this.#put(row.element, next)
    }
    for (const { element } of this.#spare) element.remove()
    this.#spare.length = Math.min(this.#spare.length, MARGIN * 2)
  }

  #window() {
    const { top } = this.#body.getBoundingClientRect()
    const count = this.#tasks.length
    const clamp = (index) => Math.max(0, Math.min(count, index))
    const first = clamp(Math.floor(-top / this.#height) - MARGIN)
    const last = clamp(Math.ceil((innerHeight - top) / this.#height) + MARGIN)
    return { first, last }
  }

  #keepFocused(wanted) {
    const row = document.activeElement?.closest('.row')
    if (!row || !this.#body.contains(row)) return
    for (const [id, { element }] of this.#rows) {
      if (element !== row || wanted.has(id)) continue
      const index = this.#tasks.findIndex((task) => task.id === id)
      if (index >= 0) wanted.set(id, index)
    }
  }

  #rowOf(id) {
    let row = this.#rows.get(id)
    if (!row) this.#rows.set(id, (row = this.#spare.pop() ?? new TaskRow()))
    return row
  }

  /** Puts it before `next`, unless it is there. Gives what follows it. */
  #put(element, next) {
    if (element === next) return next.nextSibling
    const hasFocus = element.contains(document.activeElement)
    const focused = document.activeElement
    this.#body.insertBefore(element, next)
    if (hasFocus) focused.focus({ preventScroll: true })
    return next
  }

  #moveFocus(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }
    const step = steps[event.key]
    const row = event.target.closest?.('.row')
    if (!step || !row || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const id = [...this.#rows].find(([, { element }]) => element === row)?.[0]
    const from = this.#tasks.findIndex((task) => task.id === id)
    const index = Math.max(0, Math.min(this.#tasks.length - 1, from + step))
    this.#reveal(index)
    this.render(this.#tasks, this.#now)
    this.#rows.get(this.#tasks[index].id)?.focus()
  }

  /** Scrolls so far that a row is in sight. */
  #reveal(index) {
    const top = this.#body.getBoundingClientRect().top + index * this.#height
    const edge = 2 * this.#height
    if (top < edge) scrollBy({ top: top - edge, behavior: 'instant' })
    else if (top > innerHeight - edge)
      scrollBy({ top: top - innerHeight + edge, behavior: 'instant' })
  }
}
