import { setText } from './dom.js'
import { count } from './format.js'

/** So many of each live status are told to who connects; there may be more. */
const MOST_TOLD = 1000

/** How many tasks are queued and processing: of those that are known, with a plus where there may be more. */
export class Counts {
  #nodes = [...document.querySelectorAll('[data-count]')]
  #cut = new Set()

  /** @param isKnown whether all tasks of a status are known */
  show(numbers, isKnown) {
    for (const node of this.#nodes) {
      const status = node.dataset.count
      setText(node, this.#written(status, numbers[status], isKnown(status)))
    }
  }

  #written(status, number, isKnown) {
    if (isKnown) this.#cut.delete(status)
    else if (number >= MOST_TOLD) this.#cut.add(status)
    if (this.#cut.has(status)) return `${count(number)}+`
    return number > 0 ? count(number) : ''
  }
}
