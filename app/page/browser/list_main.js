import { showTab } from './tab.js'
import { Counts } from './counts.js'
import { CatchUp } from './catch_up.js'
import { Filters } from './filters.js'
import { TaskList } from './task_list.js'
import { TaskStore } from './task_store.js'
import { TaskTypes } from './task_types.js'
import { Emptiness } from './emptiness.js'
import { OlderTasks } from './older_tasks.js'
import { announceNews } from './news.js'
import { watchChannel } from './connection.js'
import { StartDialog } from './start_dialog.js'
import { showFreshness } from './freshness.js'
import { byId, setText } from './dom.js'
import { call, serverNow, serverTime } from './api.js'

/** Rows below the window at which the next page of older tasks is loaded. */
const AHEAD = 24
/** Milliseconds that the server has to tell the list before it is asked for. */
const PATIENCE = 3000

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const store = new TaskStore()
const list = new TaskList(byId('rows'))
const counts = new Counts()
const older = new OlderTasks((tasks) => take({ tasks }, catchUp.generation))
const catchUp = new CatchUp(store, take, older)
const filters = new Filters(byId('filters'), () => {
  scrollTo({ top: 0, behavior: 'instant' })
  void lookUp(filters.id)
  shown = undefined
  schedule()
})
const emptiness = new Emptiness({
  onStart: () => dialog?.open(filters.type),
  onClear: () => filters.clear(),
})
let dialog
let line = { state: 'catching-up', heardAt: Date.now() }
let isScheduled = false
/** What the list shows, in order: made again when something has changed, and not while it scrolls. */
let shown
let hasList = false

function schedule() {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(render)
}

function render() {
  isScheduled = false
  const { query, id } = filters
  const tasks = (shown ??= store.select(filters.predicate()))
  list.render(tasks, line.state === 'stale' ? serverTime(line.heardAt) : serverNow())
  const isWhole = older.isAtEnd(query) || (uuid.test(id) && tasks.length > 0)
  const isWanted = !isWhole && hasList && list.below < AHEAD
  if (isWanted && line.state !== 'stale') void older.more(query)
  byId('tasks').setAttribute('aria-rowcount', isWhole ? tasks.length + 1 : -1)
  byId('more').hidden = !isWanted || tasks.length === 0 || (list.below > 0 && !id)
  setText(byId('more'), id ? 'Searching older tasks …' : 'Loading older tasks …')
  emptiness.show(stateOf(tasks, isWhole))
}

function stateOf(tasks, isWhole) {
  if (tasks.length > 0 || !hasList) return 'some'
  if (!isWhole) return filters.isEmpty ? 'some' : 'searching'
  return filters.isEmpty ? 'none' : 'matches'
}

function take({ tasks, removed = [] }, generation) {
  announceNews(store.take(tasks, generation))
  store.remove(removed)
  showCounts()
  shown = undefined
  schedule()
}

/** Of the live ones, in the filter and in the tab. */
function showCounts() {
  const numbers = { queued: 0, processing: 0 }
  let progress = 0
  store.select((task) => {
    if (task.status in numbers) numbers[task.status]++
    if (task.status === 'processing') progress += task.progress ?? 0
    return false
  })
  const { queued, processing } = numbers
  counts.show(numbers)
  const look = { isStale: line.state === 'stale' }
  if (processing === 0) showTab(queued > 0 ? `${queued} queued` : 'Tasks', null, 'idle', look)
  else showTab(`${processing} processing`, progress / processing, 'processing', look)
}

/** A task that isn't among those known, by its whole id. */
async function lookUp(id) {
  if (!uuid.test(id) || store.get(id)) return
  const { generation } = catchUp
  const found = await call(`/tasks/${id}`).catch(() => null)
  if (found) take({ tasks: [found.body] }, generation)
}

const types = new TaskTypes((known) => {
  filters.addTypes(known.map(({ type }) => type))
  dialog = new StartDialog(known)
  byId('start').disabled = false
  byId('start').onclick = () => dialog.open(filters.type)
})

watchChannel('long-tasks', {
  onMessage: (frame) => {
    hasList = true
    take(frame, catchUp.generation)
  },
  onState: (state, heardAt) => {
    line = { state, heardAt }
    if (state === 'catching-up') catchUp.connected()
    if (state === 'live') {
      catchUp.heard()
      void types.ask()
    }
    showFreshness(state, heardAt)
    showCounts()
    schedule()
  },
})

void lookUp(filters.id)
setTimeout(() => {
  hasList = true
  schedule()
}, PATIENCE)
addEventListener('scroll', schedule, { passive: true })
addEventListener('resize', () => {
  list.measure()
  schedule()
})
// Times go on, but not while nobody knows whether they are true.
setInterval(() => line.state !== 'stale' && schedule(), 1000)
