import { duration } from './format.js'

/** Seconds between two marks. */
const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
]
/** Marks at most, with the one at the beginning. */
const MOST = 6

/** Seconds of the marks of an axis that is so many seconds long: round ones, a few. */
function marksOf(length) {
  const step =
    steps.find((each) => length / each < MOST) ?? Math.ceil(length / MOST / 86_400) * 86_400
  const marks = []
  for (let at = 0; at <= length; at += step) marks.push(at)
  return marks
}

/** `90` as `1 min 30 s`, `120` as `2 min`. */
function written(seconds) {
  return seconds === 0 ? '0' : duration(seconds).replace(/ 00\D+$/, '')
}

/** The marks of time below a drawing. */
export class TimeAxis {
  element = document.createElement('div')

  constructor() {
    this.element.className = 'axis num'
  }

  /** @param length seconds */
  show(length) {
    const marks = marksOf(length)
    const { element } = this
    while (element.childElementCount < marks.length) element.append(document.createElement('span'))
    ;[...element.children].forEach((node, index) => {
      node.hidden = index >= marks.length
      if (node.hidden) return
      const text = written(marks[index])
      if (node.textContent !== text) node.textContent = text
      node.style.left = `${(marks[index] / length) * 100}%`
    })
  }
}
