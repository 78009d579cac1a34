import { call } from './api.js'
import { clock, moment } from './format.js'
import { byId, make } from './dom.js'

/** Lines that are shown: the newest. */
const MOST = 2000
/** Milliseconds between two looks while the task is live. */
const PAUSE = 1000

/**
 * The log of a task, live: asked for what came after the last line whenever something may have come.
 * No stream of its own: over HTTP/1.1 a browser has six connections for all tabs.
 */
export class Log {
  #element = byId('log')
  #onLines
  #after = 0
  #isLoading = false
  #isAgain = false
  #askedAt = -Infinity
  #timer

  constructor(onLines) {
    this.#onLines = onLines
  }

  /** There may be more; at most once a second, and once more at the end. */
  follow({ links }, { isLast = false } = {}) {
    if (!links.logs || !this.#element) return
    clearTimeout(this.#timer)
    if (isLast) this.#element.dataset.empty = 'No lines'
    const pause = isLast ? 0 : this.#askedAt + PAUSE - performance.now()
    this.#timer = setTimeout(() => void this.#load(links.logs), Math.max(0, pause))
  }

  async #load(path) {
    this.#isAgain = this.#isLoading
    if (this.#isLoading) return
    this.#isLoading = true
    this.#askedAt = performance.now()
    try {
      for (let hasMore = true; hasMore;) {
        const { body } = await call(`${path}?after=${this.#after}`)
        this.#after = body.meta.nextAfter
        hasMore = body.meta.hasMore
        if (body.data.length > 0) this.#append(body.data)
      }
    } catch {
      // Asked again with the next snapshot.
    }
    this.#isLoading = false
    if (this.#isAgain) await this.#load(path)
  }

  #append(lines) {
    const { scrollTop, scrollHeight, clientHeight } = this.#element
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - 8
    this.#element.append(...lines.slice(-MOST).map(drawn))
    for (let extra = this.#element.childElementCount - MOST; extra > 0; extra--) {
      this.#element.firstElementChild.remove()
    }
    if (isAtEnd) this.#element.scrollTop = this.#element.scrollHeight
    this.#onLines(lines)
  }
}

function drawn({ level, message, time }) {
  return make(
    'p',
    { 'data-level': level },
    make('time', { className: 'num', datetime: time, title: moment(time) }, clock(time)),
    make('b', {}, level),
    make('span', {}, message)
  )
}
