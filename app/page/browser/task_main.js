import { Log } from './log.js'
import { Plot } from './plot.js'
import { showTab } from './tab.js'
import { Actions } from './actions.js'
import { describe } from './describe.js'
import { Timeline } from './timeline.js'
import { showResult } from './result.js'
import { watchChannel } from './connection.js'
import { serverNow } from './api.js'
import { announce, byId, setBar, setData, setText } from './dom.js'
import { showFinal, showFreshness } from './freshness.js'

/** Percent between two announcements to screen readers. */
const STEP = 10

const timeline = new Timeline()
const actions = new Actions()
const plot = new Plot()
const log = new Log((line) => {
  timeline.logged(line)
  timeline.show(task)
})
const figures = [...document.querySelectorAll('[data-figure]')].map((figure) => ({
  figure,
  key: figure.dataset.figure,
  value: figure.querySelector('dd'),
}))
let task = JSON.parse(byId('task-data').textContent)
let announced = { status: task.status, step: stepOf(task) }
let isStale = false
let isScheduled = false

function take(snapshot) {
  if (snapshot.version < task.version) return
  task = snapshot
  plot.take(task, serverNow())
  speak()
  schedule()
  const { isLive, percent } = describe(task, serverNow())
  showTab(
    `${isLive ? percent || task.status : task.status} ${task.type}`,
    task.progress,
    task.status
  )
  log.follow(task, { isLast: !isLive })
  if (!isLive) finish()
}

function schedule() {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(render)
}

function render() {
  isScheduled = false
  const now = serverNow()
  const about = describe(task, now)
  setData(byId('task'), 'status', task.status)
  setData(byId('task'), 'health', about.health)
  setText(byId('status'), task.status)
  setText(byId('percent'), about.percent)
  setBar(byId('progress'), about.bar)
  setText(byId('message'), task.error ? '' : about.message)
  for (const { figure, key, value } of figures) {
    setText(value, about[key])
    figure.classList.toggle('is-empty', about[key] === '')
  }
  if (task.error) {
    const [code, message] = byId('failure').children
    setText(code, task.error.code)
    setText(message, task.error.message)
  }
  byId('failure').hidden = !task.error
  timeline.show(task)
  actions.show(task)
  plot.draw(now)
}

function stepOf({ progress }) {
  return progress === null ? 0 : Math.floor(progress / STEP)
}

function speak() {
  const now = { status: task.status, step: stepOf(task) }
  if (now.status !== announced.status) announce(`${task.type} ${task.status}`)
  else if (now.step !== announced.step) announce(describe(task, serverNow()).percent)
  announced = now
}

/** Nothing changes any more: the connection is for others. */
function finish() {
  connection?.close()
  clearInterval(ticking)
  showFinal()
  showResult(task).catch(() => {})
}

const ticking = setInterval(() => {
  if (isStale) return
  schedule()
  log.follow(task)
}, 1000)

let connection
if (describe(task, serverNow()).isLive) {
  connection = watchChannel(task.channel, {
    onMessage: take,
    onState: (state, heardAt) => {
      isStale = state === 'stale'
      if (describe(task, serverNow()).isLive) showFreshness(state, heardAt)
    },
  })
}
take(task)
