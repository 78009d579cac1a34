import { now } from '#engine/task_state'
import type { StoredTask } from '#engine/stored_task'

/** How many lines of a task are kept. */
export const KEPT_LINES = 1000
/** Characters of a line. */
const MESSAGE_LIMIT = 2000
/** Numbers that each run has for its lines, so that those of a later one come after them. */
const LINES_OF_A_RUN = 2 ** 31

export type LogLevel = 'info' | 'warn' | 'error' | 'fatal'

/** A line that a task has logged, as clients see it. */
export interface LogLine {
  /** Orders the lines of a task. */
  readonly seq: number
  readonly attempt: number
  readonly level: LogLevel
  readonly message: string
  /** ISO 8601 UTC. */
  readonly time: string
}

/** What a run has logged. Owns the numbers of its lines, and those that are yet to be written. */
export class RunLog {
  readonly id: string
  readonly owner: string
  readonly claim: number
  readonly #attempt: number
  readonly #note: (log: RunLog, line: LogLine) => void
  #seq: number
  #unsaved: LogLine[] = []
  #closed = false
  /** How many lines of the task the table may have. */
  #saved: number

  /** @param note hears of each line at once */
  constructor(task: StoredTask, note: (log: RunLog, line: LogLine) => void) {
    this.id = task.id
    this.owner = task.owner
    this.claim = task.claim
    this.#attempt = task.attempt
    this.#note = note
    const earlier = Math.max(0, task.claim - 1)
    this.#seq = earlier * LINES_OF_A_RUN
    this.#saved = earlier > 0 ? KEPT_LINES : 0
  }

  /** Takes no more lines: its run is over, even if its code doesn't know. */
  close(): void {
    this.#closed = true
  }

  /** Takes a line. Changes memory only. */
  add(level: LogLevel, message: string): void {
    if (this.#closed) return
    const text = message.toWellFormed()
    const line = {
      seq: ++this.#seq,
      attempt: this.#attempt,
      level,
      message:
        text.length > MESSAGE_LIMIT ? `${text.slice(0, MESSAGE_LIMIT - 1)}…`.toWellFormed() : text,
      time: now(),
    }
    this.#unsaved.push(line)
    if (this.#unsaved.length >= 2 * KEPT_LINES) this.#unsaved = this.#unsaved.slice(-KEPT_LINES)
    this.#note(this, line)
  }

  /** The newest lines that are yet to be written. */
  get unsaved(): readonly LogLine[] {
    return this.#unsaved.slice(-KEPT_LINES)
  }

  get isSaved(): boolean {
    return this.#unsaved.length === 0
  }

  /** Notes that lines are in the table. Says whether there may be more than are kept. */
  saved(lines: readonly LogLine[]): boolean {
    const last = lines.at(-1)?.seq ?? 0
    this.#unsaved = this.#unsaved.filter(({ seq }) => seq > last)
    this.#saved += lines.length
    const isOver = this.#saved > KEPT_LINES
    this.#saved = Math.min(this.#saved, KEPT_LINES)
    return isOver
  }
}
