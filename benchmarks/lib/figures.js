/** One line of the table. Arrays hold a figure a round, in the order of the rounds. */

/** Ours is at most `limit` times the peer's. */
export const atMost = (limit) => ({
  text: `≤ ${limit} ×`,
  ratio: (ours, theirs) => ours / theirs,
  holds: (ratio) => ratio <= limit,
})

/** Ours is at least `limit` times the peer's. */
export const atLeast = (limit) => ({
  text: `≥ ${limit} ×`,
  ratio: (ours, theirs) => ours / theirs,
  holds: (ratio) => ratio >= limit,
})

/** By how much ours is cheaper than the peer's; no goal. */
export const cheaper = {
  text: '',
  sign: '× cheaper',
  ratio: (ours, theirs) => theirs / ours,
  holds: () => null,
}

/** The peer's is at least `limit` times ours. */
export const cheaperBy = (limit) => ({
  ...cheaper,
  text: `≥ ${limit} × cheaper`,
  holds: (ratio) => ratio >= limit,
})

/** Ours is smaller than the peer's. */
export const better = {
  text: 'better',
  ratio: (ours, theirs) => ours / theirs,
  holds: (ratio) => ratio < 1,
}

const noGoal = { text: '', ratio: (ours, theirs) => ours / theirs, holds: () => null }

/** Ours beside a peer's: medians, and the median of the ratios of each round with their range. */
export function versus(what, unit, { ours, peer, theirs, goal = noGoal }) {
  const ratios = ours.map((figure, round) => goal.ratio(figure, theirs[round]))
  const ratio = median(ratios)
  return {
    what,
    ours: `${show(median(ours))} ${unit}`,
    peer: `${peer}: ${show(median(theirs))} ${unit}`,
    ratio: `${showJudged(ratio, goal.holds)} ${goal.sign ?? '×'} (${show(Math.min(...ratios))}–${show(Math.max(...ratios))})`,
    must: goal.text,
    reached: goal.holds(ratio),
  }
}

/** Ours against a fixed limit. */
export function within(what, unit, ours, limit) {
  const figure = median(ours)
  const range = `${show(Math.min(...ours))}–${show(Math.max(...ours))}`
  const holds = (value) => value <= limit
  return {
    what,
    ours: `${showJudged(figure, holds)} ${unit}`,
    peer: '',
    ratio: `(${range})`,
    must: `≤ ${limit} ${unit}`,
    reached: holds(figure),
  }
}

/** A peer that could not be measured here. */
export function skipped(what, peer, reason) {
  return { what, ours: '', peer: `${peer}: skipped, ${reason}`, ratio: '', must: '', reached: null }
}

export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Three significant digits, or so many more that what is shown is judged as the figure is. */
function showJudged(figure, holds) {
  let digits = 3
  while (holds(Number(show(figure, digits).replaceAll(',', ''))) !== holds(figure)) digits++
  return show(figure, digits)
}

/** Three significant digits; all those of a whole number. */
export function show(figure, digits = 3) {
  if (!Number.isFinite(figure)) return '?'
  return figure >= 100
    ? figure.toLocaleString('en', { maximumFractionDigits: digits - 3 })
    : String(Number(figure.toPrecision(digits)))
}
