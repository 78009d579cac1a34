import type { Cut } from '#engine/cut'
import type { Engine } from '#engine/engine'
import { Paced } from '#realtime/paced'
import type { Gone } from '#engine/retention'
import { TaskList } from '#realtime/task_list'
import type { EventStream } from '#realtime/event_stream'

/** How many finished tasks a watcher is told of at first. */
const RECENT = 50
/** How many of each live status: a longer queue is told as it moves. */
const MOST_LIVE = 1000
/** Milliseconds between two reads for one stream, however often it subscribes. */
const READ_INTERVAL = 1000

/** The watchers of `long-tasks`. */
export class TaskLists {
  readonly #engine: Engine
  readonly #lists = new Map<EventStream, TaskList>()
  /** Outlive a subscription, so that doing it again is no way round. */
  readonly #reads = new WeakMap<EventStream, Paced>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Tells a watcher the live tasks and the most recent ones, and from then on what changes. */
  async tell(stream: EventStream): Promise<void> {
    if (!this.#lists.has(stream)) this.#lists.set(stream, new TaskList(stream))
    let read = this.#reads.get(stream)
    if (!read) {
      read = new Paced(READ_INTERVAL, async () =>
        this.#lists.get(stream)?.load(this.#read(stream.owner))
      )
      this.#reads.set(stream, read)
    }
    await read.run()
  }

  take(cut: Cut): void {
    for (const list of this.#lists.values()) list.take(cut)
  }

  remove(gone: readonly Gone[]): void {
    for (const list of this.#lists.values()) list.remove(gone)
  }

  beat(): void {
    for (const list of this.#lists.values()) list.beat()
  }

  drop(stream: EventStream): void {
    this.#lists.get(stream)?.close()
    this.#lists.delete(stream)
  }

  async #read(owner: string): Promise<Cut[]> {
    const pages = await Promise.all([
      this.#engine.list({ owner, limit: RECENT }),
      this.#engine.list({ owner, status: 'processing', limit: MOST_LIVE }),
      this.#engine.list({ owner, status: 'queued', limit: MOST_LIVE }),
    ])
    return pages.flat().map(({ cut }) => cut)
  }
}
