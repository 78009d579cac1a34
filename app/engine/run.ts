import type { StoredTask } from '#engine/stored_task'
import { LiveTask } from '#engine/live_task'
import type { Cut } from '#engine/cut'
import type { Bytes } from '#engine/bytes'
import type { Commits } from '#engine/commits'
import type { History } from '#engine/history'
import type { ResultFile } from '#engine/task_files'
import { RunOutput, type OutputServices } from '#engine/run_output'
import type { FileStore } from '#engine/file_store'
import type { TaskTypes } from '#engine/task_types'
import type { TaskType } from '#engine/task_type'
import type { Logger } from '@adonisjs/core/logger'
import type { Report } from '#engine/reports'
import { milliseconds } from '#engine/duration'
import { toCheckpoint, toResult } from '#engine/reports'
import type { RunHandle, Work } from '#engine/long_task'
import { type TaskFailure } from '#engine/task_state'
import { SUSPECT_AFTER } from '#engine/poison'
import { RunAborted, RunFenced, TaskError } from '#engine/errors'

/** Milliseconds that a task has to react to its signal; then it is ended without it. */
const DEAF_AFTER = 10_000
/** Characters of an error's message that clients are told. */
const MESSAGE_LIMIT = 1000

/**
 * How a run went. `interrupted`: the server stops. `fenced`: the task is no longer this run's,
 * nothing is to be written.
 */
export type Outcome =
  | { status: 'completed'; result: unknown }
  | { status: 'failed'; error: TaskFailure; retry: boolean }
  | { status: 'cancelled'; error: TaskFailure | null }
  | { status: 'interrupted' }
  | { status: 'fenced' }

export interface RunServices extends OutputServices {
  readonly types: TaskTypes
  readonly files: FileStore
  readonly commits: Commits
  readonly history: History
  readonly logger: Logger
}

/**
 * One run of a claimed task. Owns its live state and its signal; gives an outcome and writes no
 * status itself. Guarantees an outcome ten seconds after the task was cancelled or out of time,
 * whatever its code does.
 */
export class Run implements RunHandle {
  readonly id: string
  readonly claim: number
  readonly attempt: number
  readonly checkpoint: unknown
  readonly live: LiveTask
  /** The server's log, marked with this task. */
  readonly logger: Logger
  /** Log lines and the result file. */
  readonly output: RunOutput
  readonly task: StoredTask
  /** Whether its progress is yet to be written: the writer's own note. */
  isNoted = false
  #input: unknown
  #committed = false
  readonly #abort = new AbortController()
  readonly #deaf = Promise.withResolvers<Outcome>()
  readonly #returned = Promise.withResolvers<void>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #services: RunServices

  constructor(task: StoredTask, services: RunServices, tell: (run: Run, cut: Cut) => void) {
    this.task = task
    this.id = task.id
    this.claim = task.claim
    this.attempt = task.attempt
    this.checkpoint = task.checkpoint
    this.#services = services
    this.logger = services.logger.child({ task: task.id, type: task.type })
    this.output = new RunOutput(task, this.logger, { services, signal: this.signal })
    this.live = new LiveTask(task, (cut) => tell(this, cut), {
      curve: services.history.find(task.type),
      size: task.file?.size,
    })
  }

  get log(): Logger {
    return this.output.log
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

  /** Settles when the task's code has really returned. */
  get returned(): Promise<void> {
    return this.#returned.promise
  }

  /** The type, unless a deploy has removed it. */
  get type(): TaskType | undefined {
    return this.#services.types.find(this.task.type)
  }

  get hasCheckpoint(): boolean {
    return this.#committed || this.checkpoint !== null
  }

  /** Whether it may have taken earlier processes down, and nothing shall run beside it. */
  get isSuspect(): boolean {
    return !this.#committed && this.task.interruptions >= SUSPECT_AFTER
  }

  report(report: Report): void {
    this.live.report(report)
  }

  async commit(checkpoint: unknown, work: Work): Promise<void> {
    const { id, claim, task, signal } = this
    const plain = toCheckpoint(task.type, checkpoint)
    await this.#services.commits.run({ id, claim, type: task.type, signal }, plain, work)
    this.#committed = true
  }

  writeResult(name: string, contentType: string, content: Bytes): Promise<ResultFile> {
    return this.output.write(name, contentType, content)
  }

  /** Cancels; `at` is when that was asked for, ISO 8601. */
  cancel(at: string): void {
    this.live.requestCancel(at)
    this.abort('cancelled')
  }

  /** Asks the task to stop. Only the first reason counts. */
  abort(why: RunAborted['why']): void {
    if (this.signal.aborted) return
    this.#abort.abort(new RunAborted(why))
    if (why !== 'stopping') this.#after(DEAF_AFTER, () => this.#deaf.resolve(this.#stopped(why)))
  }

  /** Runs the task's code. Gives the outcome, which may be before the code returns. Never throws. */
  async execute(): Promise<Outcome> {
    const { type } = this
    if (!type) {
      this.#returned.resolve()
      const message = `This server has no task type "${this.task.type}" any more.`
      return { status: 'failed', error: { code: 'unknown-type', message }, retry: false }
    }
    if (type.timeout) this.#after(milliseconds(type.timeout), () => this.abort('timeout'))
    const outcome = this.#toTheEnd(type).finally(() => {
      for (const timer of this.#timers) clearTimeout(timer)
      this.#returned.resolve()
    })
    return Promise.race([outcome, this.#deaf.promise])
  }

  async #toTheEnd(type: TaskType): Promise<Outcome> {
    try {
      this.#input = await this.#validated(type)
      this.output.begin()
      const result = toResult(type.type, await new type(this).run())
      return { status: 'completed', result: await this.output.place(result) }
    } catch (error) {
      return this.#outcomeOf(error)
    }
  }

  #after(wait: number, act: () => void): void {
    this.#timers.push(setTimeout(act, wait))
  }

  /** The outcome of a task that was asked to stop and didn't. */
  #stopped(why: 'cancelled' | 'timeout'): Outcome {
    this.logger.warn('the task ignores its signal; its slot stays taken until its code returns')
    if (why === 'timeout') return this.#timedOut()
    const message = 'The task did not react to being cancelled, and was ended without it.'
    return { status: 'cancelled', error: { code: 'cancel-ignored', message } }
  }

  #timedOut(): Outcome {
    const message = `The task took longer than ${this.type?.timeout}.`
    return { status: 'failed', error: { code: 'timeout', message }, retry: true }
  }

  async #validated(type: TaskType): Promise<unknown> {
    const file = this.task.file
    const input = this.task.input as Record<string, unknown>
    return type.input.validate(file ? { ...input, file: this.#services.files.open(file) } : input)
  }

  #outcomeOf(error: unknown): Outcome {
    if (error instanceof RunFenced) return { status: 'fenced' }
    const { reason } = this.signal
    if (reason instanceof RunAborted) {
      const isItself = error === reason || (error instanceof Error && error.cause === reason)
      if (!isItself) this.logger.info({ err: error }, 'the task threw after it was asked to stop')
      switch (reason.why) {
        case 'cancelled':
          return { status: 'cancelled', error: null }
        case 'timeout':
          return this.#timedOut()
        case 'stopping':
          return { status: 'interrupted' }
      }
    }
    this.logger.error({ err: error }, 'the attempt failed')
    const retry = !(error instanceof TaskError) || error.retry
    return { status: 'failed', error: failureOf(error), retry }
  }
}

/** What clients are told: of an error of the system only its code, as its message names our paths. */
function failureOf(error: unknown): TaskFailure {
  if (error instanceof TaskError) return { code: error.code, message: told(error.message) }
  const { syscall, code, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  return {
    code: 'task-error',
    message: told(syscall === undefined ? message : `The system says ${code}.`),
  }
}

function told(message: unknown): string {
  const text = typeof message === 'string' ? message.toWellFormed().slice(0, MESSAGE_LIMIT) : ''
  return text.toWellFormed() || 'The task failed without a message.'
}
