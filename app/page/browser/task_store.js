import { isTerminal } from './describe.js'

const ranks = { processing: 0, queued: 1 }

/** Live tasks first, running before waiting, then the finished ones; the newest first in each. */
function inOrder(a, b) {
  return a.rank - b.rank || b.time - a.time || (a.task.id < b.task.id ? -1 : 1)
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

  /** Takes snapshots, unless there are newer ones: health may change within a version. Gives those that have just ended. */
  take(tasks, generation) {
    const ended = []
    for (const task of tasks) {
      const known = this.#byId.get(task.id)
      if (known && generation !== undefined) known.generation = generation
      if (known && known.task.version > task.version) continue
      if (known && isTerminal(task.status) && !isTerminal(known.task.status)) ended.push(task)
      this.#put(known ?? this.#add(task.id), task, generation)
    }
    return ended
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

  /** Live tasks of which nothing was heard in this generation: they may have ended meanwhile. */
  unheard(generation) {
    return this.#entries.flatMap(({ task, generation: heard }) =>
      heard !== generation && !isTerminal(task.status) ? [task] : []
    )
  }

  #add(id) {
    const entry = { task: null, rank: -1, time: 0, generation: undefined }
    this.#byId.set(id, entry)
    this.#entries.push(entry)
    return entry
  }

  #put(entry, task, generation) {
    const rank = ranks[task.status] ?? 2
    const time = Date.parse(task.finishedAt ?? task.createdAt)
    if (rank !== entry.rank || time !== entry.time) this.#inOrder = false
    entry.task = task
    entry.rank = rank
    entry.time = time
    if (generation !== undefined) entry.generation = generation
  }
}
