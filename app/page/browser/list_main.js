import { showTab } from './tab.js'
import { Filters } from './filters.js'
import { TaskList } from './task_list.js'
import { TaskStore } from './task_store.js'
import { watchChannel } from './connection.js'
import { call } from './api.js'
import { showFreshness } from './freshness.js'
import { StartDialog } from './start_dialog.js'
import { announce, byId, make, setText } from './dom.js'
import { OlderTasks, recheck } from './older_tasks.js'

/** Rows below the window at which the next page of older tasks is loaded. */
const AHEAD = 40
/** Milliseconds after a reconnect in which live tasks are told; what wasn't is looked up then. */
const TOLD_WITHIN = 1500

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const store = new TaskStore()
const list = new TaskList(byId('rows'))
const older = new OlderTasks((tasks) => take({ tasks }))
const filters = new Filters(byId('filters'), () => {
  scrollTo({ top: 0, behavior: 'instant' })
  void lookUp(filters.id)
  schedule()
})
const counts = [...document.querySelectorAll('[data-count]')]
let isScheduled = false
let isStale = false
/** Counts the connections: what was told since the last one is known to be true. */
let generation = 0
let hasHeard = false

function schedule() {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(render)
}

function render() {
  isScheduled = false
  const query = filters.query
  const tasks = store.select(filters.predicate())
  list.render(tasks)
  const isAtEnd = older.isAtEnd(query)
  if (list.below < AHEAD && !isAtEnd && !isStale) void older.more(query)
  byId('tasks').setAttribute('aria-rowcount', isAtEnd ? tasks.length + 1 : -1)
  byId('more').hidden = isAtEnd || tasks.length === 0
  showEmpty(tasks.length === 0 && isAtEnd && hasHeard)
}

function showEmpty(isEmpty) {
  byId('empty').hidden = !isEmpty
  byId('tasks').classList.toggle('is-empty', isEmpty)
  const text = filters.isEmpty ? 'No tasks yet. Start one, here or with curl.' : 'No such task.'
  setText(byId('empty').firstElementChild, text)
}

function take({ tasks, removed = [] }, heardIn) {
  const ended = store.take(tasks, heardIn)
  store.remove(removed)
  if (ended.length === 1) announce(`${ended[0].type} ${ended[0].status}`)
  else if (ended.length > 1) announce(`${ended.length} tasks ended`)
  showCounts()
  schedule()
}

/** Of the live ones: all of them are known here. */
function showCounts() {
  let queued = 0
  let processing = 0
  let progress = 0
  store.select((task) => {
    if (task.status === 'queued') queued++
    if (task.status !== 'processing') return false
    processing++
    progress += task.progress ?? 0
    return false
  })
  for (const node of counts) {
    const count = { queued, processing }[node.dataset.count]
    setText(node, count ? String(count) : '')
  }
  if (processing === 0) showTab(queued > 0 ? `${queued} queued` : 'Tasks', null, 'idle')
  else showTab(`${processing} processing`, progress / processing, 'processing')
}

/** A task that isn't among those known, by its whole id. */
async function lookUp(id) {
  if (!uuid.test(id) || store.get(id)) return
  const found = await call(`/tasks/${id}`).catch(() => null)
  if (found) take({ tasks: [found.body] })
}

/** What ended or was deleted while the line was down, and isn't among what is told first. */
async function catchUp() {
  const unheard = store.unheard(generation)
  if (unheard.length === 0) return
  const gone = await recheck(unheard, (tasks) => take({ tasks }, generation)).catch(() => [])
  take({ tasks: [], removed: gone })
}

watchChannel('long-tasks', {
  onMessage: (frame) => {
    hasHeard = true
    take(frame, generation)
  },
  onState: (state, heardAt) => {
    isStale = state === 'stale'
    if (state === 'catching-up') generation++
    if (state === 'live' && generation > 1) setTimeout(() => void catchUp(), TOLD_WITHIN)
    showFreshness(state, heardAt)
    schedule()
  },
})

addEventListener('scroll', schedule, { passive: true })
addEventListener('resize', () => {
  list.measure()
  schedule()
})
// Times go on, but not while nobody knows whether they are true.
setInterval(() => !isStale && schedule(), 1000)

const { body } = await call('/task-types')
filters.addTypes(body.data.map(({ type }) => type))
const dialog = new StartDialog(body.data)
byId('start').disabled = false
byId('start').onclick = () => dialog.open(filters.type)
byId('empty').append(
  make('button', { type: 'button', onclick: () => dialog.open(filters.type) }, 'Start a task')
)
