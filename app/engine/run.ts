import type Task from '#models/task'
import { LiveTask } from '#engine/live_task'
import type { Cut } from '#engine/cut'
import type { Commits } from '#engine/commits'
import type { FileStore } from '#engine/file_store'
import type { TaskTypes } from '#engine/task_types'
import type { TaskType } from '#engine/task_type'
import type { Logger } from '@adonisjs/core/logger'
import type { Report } from '#engine/reports'
import { toCheckpoint, toResult } from '#engine/reports'
import type { RunHandle, Work } from '#engine/long_task'
import { stateOf, type TaskFailure } from '#engine/task_state'
import { RunAborted, RunFenced, TaskError } from '#engine/errors'
import type { StoredFileData } from '#engine/stored_file'

/** Characters of an error's message that clients are told. */
const MESSAGE_LIMIT = 1000

/** How a run went. `fenced`: the task is no longer this run's, nothing is to be written. */
export type Outcome =
  | { status: 'completed'; result: unknown }
  | { status: 'failed'; error: TaskFailure }
  | { status: 'cancelled' }
  | { status: 'fenced' }

export interface RunServices {
  readonly types: TaskTypes
  readonly files: FileStore
  readonly commits: Commits
  readonly logger: Logger
}

/**
 * One run of a claimed task. Owns its live state and its signal; gives an outcome and writes no
 * status itself.
 */
export class Run implements RunHandle {
  readonly id: string
  readonly claim: number
  readonly attempt: number
  readonly checkpoint: unknown
  readonly live: LiveTask
  readonly log: Logger
  readonly task: Task
  #input: unknown
  readonly #abort = new AbortController()
  readonly #services: RunServices

  constructor(task: Task, services: RunServices, tell: (run: Run, cut: Cut) => void) {
    this.task = task
    this.id = task.id
    this.claim = task.claim
    this.attempt = task.attempt
    this.checkpoint = task.checkpoint
    this.#services = services
    this.log = services.logger.child({ task: task.id, type: task.type })
    this.live = new LiveTask(stateOf(task), (cut) => tell(this, cut))
  }

  get input(): unknown {
    return this.#input
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get current(): number {
    return this.live.current
  }

  report(report: Report): void {
    this.live.report(report)
  }

  async commit(checkpoint: unknown, work: Work): Promise<void> {
    const { id, claim, task } = this
    const plain = toCheckpoint(task.type, checkpoint)
    await this.#services.commits.run({ id, claim, type: task.type }, plain, work)
  }

  /** Asks the task to stop. Only the first reason counts. */
  abort(why: 'cancelled' | 'stopping'): void {
    this.#abort.abort(new RunAborted(why))
  }

  /** Runs the task's code to its end. Never throws. */
  async execute(): Promise<Outcome> {
    const type = this.#services.types.find(this.task.type)
    if (!type) {
      const message = `This server has no task type "${this.task.type}" any more.`
      return { status: 'failed', error: { code: 'unknown-type', message } }
    }
    try {
      this.#input = await this.#validated(type)
      return { status: 'completed', result: toResult(type.type, await new type(this).run()) }
    } catch (error) {
      return this.#outcomeOf(error)
    }
  }

  async #validated(type: TaskType): Promise<unknown> {
    const file = this.task.file as StoredFileData | null
    const input = this.task.input as Record<string, unknown>
    return type.input.validate(file ? { ...input, file: this.#services.files.open(file) } : input)
  }

  #outcomeOf(error: unknown): Outcome {
    if (error instanceof RunFenced) return { status: 'fenced' }
    const { reason } = this.signal
    if (reason instanceof RunAborted) {
      const isItself = error === reason || (error instanceof Error && error.cause === reason)
      if (!isItself) this.log.info({ err: error }, 'the task threw after it was asked to stop')
      if (reason.why === 'cancelled') return { status: 'cancelled' }
      const message = 'The server was stopped while the task ran.'
      return { status: 'failed', error: { code: 'interrupted', message } }
    }
    this.log.error({ err: error }, 'the task failed')
    return { status: 'failed', error: failureOf(error) }
  }
}

function failureOf(error: unknown): TaskFailure {
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: error instanceof TaskError ? error.code : 'task-error',
    message: message.slice(0, MESSAGE_LIMIT) || 'The task failed without a message.',
  }
}
