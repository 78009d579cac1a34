import { byId, setText } from './dom.js'
import { duration } from './format.js'
import { TimeAxis } from './time_axis.js'
import { Estimates, expected } from './estimates.js'

const SVG = 'http://www.w3.org/2000/svg'
/** Of the drawing; it is stretched to the width that there is. */
const WIDTH = 640
const HEIGHT = 200
/** Samples that are kept: when there are more, every other one goes. */
const MOST = 600

/**
 * Progress over time, attempt by attempt: the way that the server still knows, and what was seen
 * since. Where only the start and the end are known, a dashed line joins them and it is said. The
 * band spans when the task is expected to end.
 */
export class Plot {
  #samples = []
  #estimates = new Estimates()
  #axis = new TimeAxis()
  #parts
  #task

  /** @param task as it was when the page was made */
  constructor({ attempt, startedAt }) {
    const part = (name, className) => {
      const node = document.createElementNS(SVG, name)
      node.setAttribute('class', className)
      return node
    }
    const names = ['grid', 'attempts', 'band', 'ahead', 'before', 'area', 'line']
    const paths = Object.fromEntries(names.map((name) => [name, part('path', name)]))
    const svg = part('svg', '')
    const dot = document.createElement('i')
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    svg.setAttribute('preserveAspectRatio', 'none')
    svg.setAttribute('role', 'img')
    svg.append(...Object.values(paths))
    dot.className = 'dot'
    dot.hidden = true
    this.#parts = { ...paths, svg, dot }
    byId('plot').append(svg, dot, this.#axis.element)
    const lines = [0, 25, 50, 75, 100].map((percent) => `M0 ${y(percent)}H${WIDTH}`)
    paths.grid.setAttribute('d', lines.join(''))
    const from = Date.parse(startedAt)
    for (const [after, progress] of JSON.parse(byId('plot').dataset.way)) {
      this.#samples.push({ at: from + after, progress, attempt })
    }
  }

  /** Takes a snapshot; draws with `draw`. */
  take(task) {
    this.#task = task
    const { progress, attempt, startedAt, updatedAt, finishedAt } = task
    const at = Date.parse(finishedAt ?? updatedAt)
    this.#estimates.take(task, at)
    if (progress === null || !startedAt) return
    const last = this.#samples.at(-1)
    if (!last || at > last.at || progress !== last.progress) {
      this.#samples.push({ at, progress, attempt })
    }
    if (this.#samples.length > MOST) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0 || index === MOST)
    }
  }

  /**
   * @param now what is shown up to (ms), unless the task has ended
   * @param beginnings when attempts began (ms), the first one first
   */
  draw(now, beginnings) {
    const { startedAt, createdAt, finishedAt } = this.#task
    const estimate = this.#estimates.at(now)
    const from = Math.min(beginnings[0] ?? Infinity, Date.parse(startedAt ?? createdAt))
    const until = Math.max(finishedAt ? Date.parse(finishedAt) : now, from + 1000)
    const high = estimate ? from + (Math.max(until, estimate.high) - from) * 1.02 : until
    const scale = { from, high, x: (at) => round(((at - from) / (high - from)) * WIDTH) }
    const { attempts } = this.#parts
    const later = beginnings.filter((at) => at > from + 1)
    attempts.setAttribute('d', later.map((at) => `M${scale.x(at)} 0V${HEIGHT}`).join(''))
    this.#axis.show((high - from) / 1000)
    this.#drawWay(scale)
    this.#drawEstimate(scale, estimate)
    this.#say(estimate, now, from)
  }

  #drawWay({ from, high, x }) {
    const { before, area, line, dot } = this.#parts
    const point = ({ at, progress }) => `${x(Math.max(from, at))} ${y(progress)}`
    const ways = [...Map.groupBy(this.#samples, ({ attempt }) => attempt).values()]
    line.setAttribute('d', ways.map((way) => `M${way.map(point).join('L')}`).join(''))
    area.setAttribute('d', ways.map((way) => areaOf(way, point, x)).join(''))
    const last = this.#samples.at(-1)
    const start = { at: Date.parse(this.#task.startedAt), progress: 0 }
    const isJoined = this.#isUnseen
    before.setAttribute('d', isJoined ? `M${point(start)}L${point(last)}` : '')
    dot.hidden = !last
    if (!last) return
    dot.style.left = `${((last.at - from) / (high - from)) * 100}%`
    dot.style.bottom = `${last.progress}%`
  }

  #drawEstimate({ x }, estimate) {
    const { band, ahead } = this.#parts
    const last = this.#samples.at(-1)
    const isDrawn = estimate && last
    const point = isDrawn && `${x(last.at)} ${y(last.progress)}`
    const ends = isDrawn && `L${x(estimate.low)} ${y(100)}H${x(estimate.high)}Z`
    band.setAttribute('d', isDrawn ? `M${point}${ends}` : '')
    ahead.setAttribute('d', isDrawn ? `M${point}L${x(estimate.end)} ${y(100)}` : '')
  }

  /** Whether it had ended before anybody here looked. */
  get #isUnseen() {
    return this.#samples.length === 1 && this.#task.finishedAt !== null
  }

  #say(estimate, now, from) {
    const last = this.#samples.at(-1)
    const so = last
      ? `${Math.floor(last.progress)}% after ${duration((last.at - from) / 1000)}`
      : 'No progress is known'
    const legend = estimate
      ? expected(estimate, now)
      : this.#isUnseen
        ? 'only start and end are known'
        : ''
    setText(byId('expected'), legend)
    const label = legend ? `${so}; ${legend}` : so
    const { svg } = this.#parts
    if (svg.getAttribute('aria-label') !== label) svg.setAttribute('aria-label', label)
  }
}

function areaOf(way, point, x) {
  return `M${x(way[0].at)} ${HEIGHT}L${way.map(point).join('L')}V${HEIGHT}Z`
}

function y(progress) {
  return round(HEIGHT - (progress / 100) * HEIGHT)
}

function round(value) {
  return Math.round(value * 10) / 10
}
