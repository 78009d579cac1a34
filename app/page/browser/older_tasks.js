import { call } from './api.js'

/** Tasks a page. */
const LIMIT = 100

/** The pages of older tasks, one at a time, for each filter from its own beginning. */
export class OlderTasks {
  #onPage
  #places = new Map()

  constructor(onPage) {
    this.#onPage = onPage
  }

  isAtEnd(query) {
    return this.#places.get(query)?.isAtEnd ?? false
  }

  /** Loads the next page, unless one is under way or there is none. */
  async more(query) {
    const place = this.#places.get(query) ?? { cursor: null, isAtEnd: false, isLoading: false }
    this.#places.set(query, place)
    if (place.isAtEnd || place.isLoading) return
    place.isLoading = true
    try {
      const { data, meta } = await page(query, place.cursor)
      place.cursor = meta.nextCursor
      place.isAtEnd = meta.nextCursor === null
      this.#onPage(data)
    } catch {
      // Asked again at the next look: the list is looked over every second.
    } finally {
      place.isLoading = false
    }
  }
}

function page(query, cursor) {
  const parameters = new URLSearchParams(query)
  parameters.set('limit', LIMIT)
  if (cursor) parameters.set('cursor', cursor)
  return call(`/tasks?${parameters}`).then(({ body }) => body)
}

/**
 * Walks from the newest task until all of these have been seen, and gives the ids of those that are
 * no longer there.
 */
export async function recheck(tasks, onPage) {
  const unseen = new Map(tasks.map((task) => [task.id, task]))
  const oldest = tasks.map(({ createdAt }) => createdAt).sort()[0]
  let cursor = null
  do {
    const { data, meta } = await page('', cursor)
    onPage(data)
    for (const { id } of data) unseen.delete(id)
    cursor = meta.nextCursor
    if (data.length > 0 && data.at(-1).createdAt < oldest) break
  } while (cursor && unseen.size > 0)
  return [...unseen.keys()]
}
