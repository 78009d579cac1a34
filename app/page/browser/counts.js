import { setText } from './dom.js'
import { count } from './format.js'

/** How many tasks are queued and processing: the server tells all of them to who connects. */
export class Counts {
  #nodes = [...document.querySelectorAll('[data-count]')]

  show(numbers) {
    for (const node of this.#nodes) {
      const number = numbers[node.dataset.count]
      setText(node, number > 0 ? count(number) : '')
    }
  }
}
