import { Log } from './log.js'
import { Plot } from './plot.js'
import { newsOf } from './news.js'
import { showTab } from './tab.js'
import { Actions } from './actions.js'
import { Timeline } from './timeline.js'
import { showResult } from './result.js'
import { watchChannel } from './connection.js'
import { call, serverNow, serverTime } from './api.js'
import { describe, figuresOf, isRetrying, isTerminal, nextAttempt } from './describe.js'
import { announce, byId, setBar, setData, setText, setTextAndTitle } from './dom.js'
import { showFinal, showFreshness } from './freshness.js'

/** Percent between two announcements to screen readers. */
const STEP = 10
/** Milliseconds between two looks of a tab that nobody sees, and whose line is left to others. */
const LOOK_EVERY = 3000

let task = JSON.parse(byId('task-data').textContent)
const isLiveAtFirst = !isTerminal(task.status)
const timeline = new Timeline()
const actions = new Actions()
const plot = new Plot(task)
const log = new Log((lines) => {
  for (const line of lines) timeline.logged(line)
  schedule()
})
const figures = [...document.querySelectorAll('[data-figure]')].map((figure) => ({
  key: figure.dataset.figure,
  name: figure.firstElementChild,
  value: figure.lastElementChild,
}))
let announced = { status: task.status, health: task.health, step: stepOf(task) }
let line = { state: 'catching-up', heardAt: Date.now() }
let isScheduled = false

/** What is known holds for this moment: times stand still while it may be old. */
function moment() {
  return line.state === 'stale' ? serverTime(line.heardAt) : serverNow()
}

function take(snapshot) {
  if (snapshot.version < task.version) return
  task = snapshot
  const isLast = isTerminal(task.status)
  if (isLast) line = { ...line, state: 'final' }
  plot.take(task)
  speak()
  nameTab()
  schedule()
  log.follow(task, { isLast })
  if (isLast) finish()
}

function nameTab() {
  const { isLive, percent } = describe(task, moment())
  const title = `${isLive ? percent || task.status : task.status} ${task.type}`
  showTab(title, task.progress, task.status, { isStale: line.state === 'stale' })
}

function schedule() {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(render)
}

function render() {
  isScheduled = false
  const now = moment()
  const about = describe(task, now)
  setData(byId('task'), 'status', task.status)
  setData(byId('task'), 'health', task.health ?? '')
  setText(byId('status'), task.status)
  setTextAndTitle(byId('aside'), isRetrying(task) ? nextAttempt(task, now) : about.health)
  setText(byId('percent'), about.percent)
  setBar(byId('progress'), about.bar)
  setTextAndTitle(byId('message'), task.error ? '' : about.message)
  const texts = figuresOf(task, now)
  for (const { key, name, value } of figures) {
    setText(name, texts[key][0])
    setTextAndTitle(value, texts[key][1])
  }
  showFailure()
  timeline.show(task, now)
  actions.show(task)
  plot.draw(now, timeline.beginnings)
}

/** Of a task that failed, or that waits for its next attempt. */
function showFailure() {
  const [code, message] = byId('failure').children
  byId('failure').hidden = !task.error
  if (!task.error) return
  setText(code, task.error.code)
  setText(message, task.error.message)
}

function stepOf({ progress }) {
  return progress === null ? 0 : Math.floor(progress / STEP)
}

function speak() {
  const { status, health } = task
  const step = stepOf(task)
  const isLost = health === 'lost' && announced.health !== 'lost'
  if (status !== announced.status || isLost) {
    announce(
      isRetrying(task)
        ? `${task.type} failed: ${task.error.message}, and tries again`
        : newsOf(task)
    )
  } else if (step !== announced.step) announce(describe(task, moment()).percent)
  announced = { status, health, step }
}

/** Nothing changes any more: the connection is for others. */
function finish() {
  connection?.close()
  clearInterval(ticking)
  clearInterval(looking)
  showFinal()
  if (isLiveAtFirst && task.status === 'completed') showResult(task).catch(() => {})
}

function hear(state, heardAt) {
  if (isTerminal(task.status)) return
  line = { state, heardAt }
  showFreshness(state, heardAt)
  nameTab()
  schedule()
}

const ticking = setInterval(() => {
  if (line.state === 'stale') return
  schedule()
  log.follow(task)
}, 1000)

// Short requests hold no connection, and keep the title true.
const looking = setInterval(async () => {
  if (!document.hidden || line.state === 'live' || line.state === 'catching-up') return
  try {
    const { body } = await call(task.links.self)
    take(body)
    hear('resting', Date.now())
  } catch {
    hear('stale', line.heardAt)
  }
}, LOOK_EVERY)

let connection
if (isLiveAtFirst) connection = watchChannel(task.channel, { onMessage: take, onState: hear })
take(task)
