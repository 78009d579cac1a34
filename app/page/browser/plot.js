import { byId } from './dom.js'
import { elapsed } from './describe.js'
import { duration } from './format.js'

const SVG = 'http://www.w3.org/2000/svg'
/** Of the drawing; it is stretched to the width that there is. */
const WIDTH = 640
const HEIGHT = 200
/** Samples that are kept: when there are more, every other one goes. */
const MOST = 600
/** Milliseconds of estimates that make the band. */
const BAND = 20_000

/**
 * Progress over time, as seen since the page was opened; before that a straight line. The band spans
 * the ends that were estimated in the last 20 seconds.
 */
export class Plot {
  #samples = []
  #estimates = []
  #parts
  #task

  constructor() {
    const part = (name, className) => {
      const node = document.createElementNS(SVG, name)
      node.setAttribute('class', className)
      return node
    }
    this.#parts = {
      grid: part('path', 'grid'),
      band: part('path', 'band'),
      ahead: part('path', 'ahead'),
      before: part('path', 'before'),
      area: part('path', 'area'),
      line: part('path', 'line'),
      svg: part('svg', ''),
      dot: document.createElement('i'),
      axis: document.createElement('div'),
    }
    const { svg, dot, axis, ...paths } = this.#parts
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    svg.setAttribute('preserveAspectRatio', 'none')
    svg.setAttribute('role', 'img')
    svg.setAttribute('aria-label', 'Nothing is known yet')
    dot.hidden = true
    svg.append(...Object.values(paths))
    dot.className = 'dot'
    axis.className = 'axis num'
    for (let label = 0; label < 3; label++) axis.append(document.createElement('span'))
    byId('plot')?.append(svg, dot, axis)
  }

  /** Takes a snapshot; draws with `draw`. */
  take(task, now) {
    this.#task = task
    if (task.progress === null || !task.startedAt) return
    const at = elapsed(task, task.finishedAt ? now : Date.parse(task.updatedAt))
    const last = this.#samples.at(-1)
    if (last && last.attempt !== task.attempt) this.#estimates = []
    if (!last || at > last.at || task.progress !== last.progress) {
      this.#samples.push({ at, progress: task.progress, attempt: task.attempt })
    }
    if (this.#samples.length > MOST) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0 || index === MOST)
    }
    if (task.status !== 'processing' || task.etaSeconds === null) this.#estimates = []
    else this.#estimates.push({ at, end: at + task.etaSeconds })
    while (this.#estimates[0]?.at < at - BAND / 1000) this.#estimates.shift()
  }

  draw(now) {
    const task = this.#task
    const last = this.#samples.at(-1)
    if (!last) return this.#drawGrid()
    const until = Math.max(elapsed(task, now), last.at, 0.001)
    const ends = this.#estimates.map(({ end }) => end)
    const end = this.#estimates.at(-1)?.end
    const high = Math.max(until, ...ends) * 1.02
    const x = (at) => round((Math.min(at, high) / high) * WIDTH)
    const point = ({ at, progress }) => `${x(at)} ${y(progress)}`
    const { band, ahead, before, area, line, svg, dot, axis } = this.#parts

    this.#drawGrid()
    const [first] = this.#samples
    const steps = this.#samples.map(point).join('L')
    before.setAttribute('d', first.at > 0 ? `M0 ${y(0)}L${point(first)}` : '')
    line.setAttribute('d', `M${steps}`)
    area.setAttribute('d', `M0 ${y(0)}L${steps}V${HEIGHT}H0Z`)
    const hasEnd = end !== undefined
    const low = Math.max(last.at, Math.min(...ends))
    const most = Math.max(...ends)
    band.setAttribute('d', hasEnd ? `M${point(last)}L${x(low)} ${y(100)}H${x(most)}Z` : '')
    ahead.setAttribute('d', hasEnd ? `M${point(last)}L${x(end)} ${y(100)}` : '')
    dot.hidden = false
    dot.style.left = `${(Math.min(last.at, high) / high) * 100}%`
    dot.style.bottom = `${last.progress}%`
    svg.setAttribute('aria-label', this.#inWords(last, { low, most, hasEnd }))
    const labels = ['0', duration(high / 2), duration(high)]
    labels.forEach((label, index) => {
      if (axis.children[index].textContent !== label) axis.children[index].textContent = label
    })
  }

  #drawGrid() {
    const lines = [0, 25, 50, 75, 100].map((percent) => `M0 ${y(percent)}H${WIDTH}`)
    this.#parts.grid.setAttribute('d', lines.join(''))
  }

  #inWords({ at, progress }, { low, most, hasEnd }) {
    const so = `${Math.floor(progress)}% after ${duration(at)}`
    if (!hasEnd) return so
    const [from, to] = [duration(low), duration(most)]
    return `${so}; the end is expected after ${from === to ? from : `${from} to ${to}`}`
  }
}

function y(progress) {
  return round(HEIGHT - (progress / 100) * HEIGHT)
}

function round(value) {
  return Math.round(value * 10) / 10
}
