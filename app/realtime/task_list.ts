import type { Cut } from '#engine/cut'
import type { Gone } from '#engine/retention'
import { TASK_LIST } from '#realtime/channels'
import type { Snapshot } from '#engine/snapshot'
import type { EventStream } from '#realtime/event_stream'

/** Milliseconds between two frames: at most 4 a second. */
const INTERVAL = 250
/** Bytes of the tasks in a frame; with what is around them it stays below 64 KiB. */
const FRAME_LIMIT = 65_000
/** Bytes of an id with its quotes and its comma. */
const ID_SIZE = 39
/** With how many tasks waiting to be sent no more of a list are read: about two frames. */
const ENOUGH = 200

/** What the channel `long-tasks` carries: all that changed since the last frame. */
export interface TaskListFrame {
  readonly tasks: readonly Snapshot[]
  /** The ids of tasks that were forgotten. */
  readonly removed: readonly string[]
}

/**
 * One watcher of `long-tasks`. Owns what he has yet to be told: the newest cut of each task that
 * changed, and which are gone, in frames of bounded size and number.
 *
 * Guarantees the order of versions: nothing goes out while a page of the list is read, since what is
 * told meanwhile may be newer than what was read. However long the list is, it holds a page of it.
 */
export class TaskList {
  readonly #stream: EventStream
  readonly #pending = new Map<string, Cut>()
  readonly #removed = new Set<string>()
  #isReading = false
  #isClosed = false
  /** How many lists were begun to be told. The last one counts. */
  #lists = 0
  /** Goes on with the list. */
  #readOn: (() => void) | undefined
  #isDue = false
  #sentAt = -Infinity
  #timer: NodeJS.Timeout | undefined

  constructor(stream: EventStream) {
    this.#stream = stream
  }

  take(cut: Cut): void {
    if (cut.owner !== this.#stream.owner || this.#removed.has(cut.id)) return
    if ((this.#pending.get(cut.id)?.version ?? 0) > cut.version) return
    this.#pending.set(cut.id, cut)
    this.#isDue = true
    this.#schedule()
  }

  /** A list that is being read may name them still. */
  remove(gone: readonly Gone[]): void {
    for (const { id, owner } of gone) {
      if (owner !== this.#stream.owner) continue
      this.#pending.delete(id)
      this.#removed.add(id)
      this.#isDue = true
    }
    this.#schedule()
  }

  /** Says something, if only that there is nothing new: a watcher can tell silence from a dead line. */
  beat(): void {
    this.#isDue = true
    this.#schedule()
  }

  /** Tells a list, also when it is empty; reads its next page when the last has gone out. */
  async load(pages: AsyncIterable<readonly Cut[]>): Promise<void> {
    const list = ++this.#lists
    const isWanted = () => list === this.#lists
    this.#isReading = true
    try {
      for await (const page of pages) {
        for (const cut of page) this.take(cut)
        if (isWanted() && this.#pending.size >= ENOUGH) await this.#hasRoom()
        if (!isWanted()) break
      }
      this.#isDue = true
    } finally {
      this.#isReading = false
      this.#schedule()
    }
  }

  /** Leaves a list that is being told where it is: it is about to be told anew. */
  leave(): void {
    this.#lists++
    this.#readOn?.()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#isClosed = true
    this.leave()
  }

  /** Lets go out what there is, and waits until there is little left of it. */
  async #hasRoom(): Promise<void> {
    this.#isReading = false
    this.#isDue = true
    this.#schedule()
    await new Promise<void>((resolve) => (this.#readOn = resolve))
    this.#isReading = true
  }

  #schedule(): void {
    if (this.#timer || this.#isClosed || this.#isReading || !this.#isDue) return
    const wait = Math.max(0, this.#sentAt + INTERVAL - performance.now())
    this.#timer = setTimeout(() => this.#flush(), wait)
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#isClosed || this.#isReading) return
    this.#sentAt = performance.now()
    if (!this.#stream.isFull) {
      const removed = this.#nextRemoved()
      const tasks = this.#nextTasks(removed.length * ID_SIZE)
      const json = `{"tasks":[${tasks.join(',')}],"removed":${JSON.stringify(removed)}}`
      this.#stream.send(TASK_LIST, { version: null, json, snapshot: null })
      this.#isDue = this.#pending.size + this.#removed.size > 0
      if (this.#pending.size < ENOUGH / 2) this.#readOn?.()
    }
    this.#schedule()
  }

  /** As many as fit into a frame. */
  #nextRemoved(): string[] {
    const removed = [...this.#removed.values().take(Math.floor(FRAME_LIMIT / ID_SIZE))]
    for (const id of removed) this.#removed.delete(id)
    return removed
  }

  /** As many as fit into what is left of a frame; one at least, unless something else is in it. */
  #nextTasks(size: number): string[] {
    const tasks: string[] = []
    for (const [id, { json }] of this.#pending) {
      const own = Buffer.byteLength(json) + 1
      if (size > 0 && size + own > FRAME_LIMIT) break
      size += own
      tasks.push(json)
      this.#pending.delete(id)
    }
    return tasks
  }
}
