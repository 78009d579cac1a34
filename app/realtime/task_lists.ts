import type { Cut } from '#engine/cut'
import type { Engine, KnownTask } from '#engine/engine'
import { Paced } from '#realtime/paced'
import type { Gone } from '#engine/retention'
import { TaskList } from '#realtime/task_list'
import type { EventStream } from '#realtime/event_stream'

/** How many finished tasks a watcher is told of at first. */
const RECENT = 50
/** How many tasks are read at once. */
const PAGE = 200
/** Milliseconds between two reads for one stream, however often it subscribes. */
const READ_INTERVAL = 1000

/** The watchers of `long-tasks`. */
export class TaskLists {
  readonly #engine: Engine
  readonly #lists = new Map<EventStream, TaskList>()
  /** Outlive a subscription, so that doing it again is no way round. */
  readonly #reads = new WeakMap<EventStream, Paced>()
  /** Whose list could not be read. */
  readonly #untold = new WeakSet<EventStream>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Tells a watcher the most recent tasks and all live ones, and from then on what changes. */
  async tell(stream: EventStream): Promise<void> {
    if (!this.#lists.has(stream)) this.#lists.set(stream, new TaskList(stream))
    let read = this.#reads.get(stream)
    if (!read) {
      read = new Paced(READ_INTERVAL, async () =>
        this.#lists.get(stream)?.load(this.#read(stream.owner))
      )
      this.#reads.set(stream, read)
    }
    this.#lists.get(stream)?.leave()
    this.#untold.delete(stream)
    try {
      await read.run()
    } catch (error) {
      this.#untold.add(stream)
      throw error
    }
  }

  take(cut: Cut): void {
    for (const list of this.#lists.values()) list.take(cut)
  }

  remove(gone: readonly Gone[]): void {
    for (const list of this.#lists.values()) list.remove(gone)
  }

  /** Says something to each watcher. Gives those who have yet to be told their list instead. */
  beat(): EventStream[] {
    const untold: EventStream[] = []
    for (const [stream, list] of this.#lists) {
      if (this.#untold.has(stream)) untold.push(stream)
      else list.beat()
    }
    return untold
  }

  drop(stream: EventStream): void {
    this.#lists.get(stream)?.close()
    this.#lists.delete(stream)
  }

  /** Newest first: what moves while it is read is told as a change. */
  async *#read(owner: string): AsyncGenerator<Cut[]> {
    const recent = await this.#engine.list({ owner, limit: RECENT })
    yield recent.map(({ cut }) => cut)
    for (const status of ['processing', 'queued'] as const) {
      let page: KnownTask[] = []
      do {
        const before = page.at(-1)?.seq
        page = await this.#engine.list({ owner, status, before, limit: PAGE })
        yield page.map(({ cut }) => cut)
      } while (page.length === PAGE)
    }
  }
}
