import { byId, make, setText } from './dom.js'

/** What is shown instead of the list where it has nothing to show. */
export class Emptiness {
  #element = byId('empty')
  #text = this.#element.firstElementChild
  #start
  #clear

  constructor({ onStart, onClear }) {
    this.#start = make('button', { type: 'button', onclick: onStart }, 'Start a task')
    this.#clear = make('button', { type: 'button', onclick: onClear }, 'Clear filters')
    this.#element.append(this.#start, this.#clear)
  }

  /** @param state `some` tasks, `none` yet, none that `matches`, or still `searching` */
  show(state) {
    this.#element.hidden = state === 'some'
    byId('tasks').classList.toggle('is-empty', state !== 'some')
    const texts = {
      none: 'No tasks yet. Start one, here or with curl.',
      matches: 'No task matches.',
      searching: 'Searching …',
    }
    setText(this.#text, texts[state] ?? '')
    this.#start.hidden = state !== 'none'
    this.#clear.hidden = state !== 'matches'
  }
}
