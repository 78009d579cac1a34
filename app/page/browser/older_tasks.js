import { call } from './api.js'

/** Tasks a page: the first is wanted soon. */
const FIRST = 30
const LIMIT = 100
/** Pages after which a walk back gives up. */
const MOST_PAGES = 50

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

  /** Begins anew, where too much is missing between what is known. */
  restart() {
    this.#places.clear()
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
  parameters.set('limit', cursor ? LIMIT : FIRST)
  if (cursor) parameters.set('cursor', cursor)
  return call(`/tasks?${parameters}`).then(({ body }) => body)
}

/**
 * Reads pages from the newest task on until `onPage` says that it is enough. Gives the moment (ms)
 * down to which all tasks were read, and whether it came far enough.
 */
export async function walkBack(onPage) {
  let cursor = null
  let downTo = Infinity
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { data, meta } = await page('', cursor)
    const isEnough = onPage(data)
    cursor = meta.nextCursor
    if (!cursor) return { downTo: -Infinity, isEnough: true }
    downTo = Date.parse(data.at(-1).createdAt)
    if (isEnough) return { downTo, isEnough }
  }
  return { downTo, isEnough: false }
}
