import { isTerminal } from './describe.js'

const ranks = { processing: 0, queued: 1 }

/** Live tasks first, running before waiting, then the finished ones; the newest first in each. */
function inOrder(a, b) {
  return a.rank - b.rank || b.time - a.time || (a.task.id < b.task.id ? -1 : 1)
}

function isNews(before, { status, health }) {
  if (isTerminal(before.status)) return false
  return isTerminal(status) || (health === 'lost' && before.health !== 'lost')
}

/** All tasks that the page knows, each in its newest version, in order. */
export class TaskStore {
  #entries = []
  #byId = new Map()
  #inOrder = true

  get size() {
    return this.#entries.length
  }

  get(id) {
    return this.#byId.get(id)?.task
  }

  /**
   * Takes snapshots that were heard in this generation, unless there are newer ones: health may
   * change within a version. Gives those that have just ended or got lost.
   */
  take(tasks, generation) {
    const changed = []
    for (const task of tasks) {
      const known = this.#byId.get(task.id)
      if (known) known.generation = generation
      if (known && known.task.version > task.version) continue
      if (known && isNews(known.task, task)) changed.push(task)
      this.#put(known ?? this.#add(task.id, generation), task)
    }
    return changed
  }

  remove(ids) {
    const gone = new Set(ids.filter((id) => this.#byId.delete(id)))
    if (gone.size > 0) this.#entries = this.#entries.filter(({ task }) => !gone.has(task.id))
  }

  /** In order. */
  select(isWanted) {
    if (!this.#inOrder) this.#entries.sort(inOrder)
    this.#inOrder = true
    const found = []
    for (const { task } of this.#entries) if (isWanted(task)) found.push(task)
    return found
  }

  /** Whether one of these was known by the time of a generation. */
  knows(tasks, generation) {
    return tasks.some(({ id }) => this.#byId.get(id)?.since <= generation)
  }

  /** Whether there are live tasks, as old or older, of which nothing was heard in this generation. */
  hasUnheard(generation, createdBefore) {
    return this.#entries.some(
      ({ task, generation: heard }) =>
        heard !== generation &&
        !isTerminal(task.status) &&
        Date.parse(task.createdAt) <= createdBefore
    )
  }

  /** The ids of those that were made after a moment (ms) and not heard of in this generation. */
  missing(generation, madeAfter) {
    return this.#entries.flatMap(({ task, generation: heard }) =>
      heard !== generation && Date.parse(task.createdAt) > madeAfter ? [task.id] : []
    )
  }

  #add(id, generation) {
    const entry = { task: null, rank: -1, time: 0, since: generation, generation }
    this.#byId.set(id, entry)
    this.#entries.push(entry)
    return entry
  }

  #put(entry, task) {
    const rank = ranks[task.status] ?? 2
    const time = Date.parse(task.finishedAt ?? task.createdAt)
    if (rank !== entry.rank || time !== entry.time) this.#inOrder = false
    entry.task = task
    entry.rank = rank
    entry.time = time
  }
}
