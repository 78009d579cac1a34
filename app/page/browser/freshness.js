import { clock } from './format.js'
import { byId, setText } from './dom.js'

const words = { 'catching-up': 'catching up', 'live': 'live', 'resting': 'resting' }

/** Says how fresh what is shown is, and greys it while it may be old. */
export function showFreshness(state, heardAt) {
  const line = byId('freshness')
  line.dataset.state = document.body.dataset.freshness = state
  setText(line, words[state] ?? `stale since ${clock(heardAt)}`)
}

/** There is nothing more to come. */
export function showFinal() {
  const line = byId('freshness')
  line.dataset.state = document.body.dataset.freshness = 'final'
  setText(line, 'final')
}
