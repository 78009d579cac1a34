import type { StoredTask } from '#engine/stored_task'
import { TaskError } from '#engine/errors'
import { entryOf } from '#engine/timeline'
import type { Bytes } from '#engine/bytes'
import { keepLines } from '#engine/kept_log'
import type { RunLog } from '#engine/run_log'
import type { Logger } from '@adonisjs/core/logger'
import type { TaskLogs } from '#engine/task_logs'
import type { TaskState } from '#engine/task_state'
import { checkFile, isInline } from '#engine/reports'
import type { ResultFile, TaskFiles } from '#engine/task_files'

export interface OutputServices {
  readonly taskFiles: TaskFiles
  readonly logs: TaskLogs
}

/**
 * What a run leaves behind besides its status: log lines and a result file. Costs nothing for a run
 * that has neither.
 */
export class RunOutput {
  readonly #task: StoredTask
  readonly #logger: Logger
  readonly #signal: AbortSignal
  readonly #services: OutputServices
  readonly #kept: RunLog
  #log?: Logger
  #hasFile = false
  #isWriting = false

  /** @param logger the server's, marked with the task */
  constructor(task: StoredTask, logger: Logger, { services, signal }: OutputOptions) {
    this.#task = task
    this.#logger = logger
    this.#signal = signal
    this.#services = services
    this.#kept = services.logs.open(task)
  }

  /** The task's own log: the server's, but its lines are kept. */
  get log(): Logger {
    return (this.#log ??= keepLines(this.#logger.child({}), (level, text) => {
      this.#kept.add(level, text)
    }))
  }

  /** Notes that the task's code is about to run. */
  begin(): void {
    const { attempt } = this.#task
    if (attempt > 1) this.#kept.add('info', `Attempt ${attempt} begins.`)
  }

  /** Stores the result file. Throws like `TaskFiles.write`, or `invalid-result`. */
  async write(name: string, contentType: string, content: Bytes): Promise<ResultFile> {
    this.#signal.throwIfAborted()
    checkFile(this.#task.type, name, contentType)
    if (this.#isWriting) throw invalid(this.#task.type, 'two result files are written at once')
    this.#hasFile = true
    this.#isWriting = true
    return this.#services.taskFiles
      .write(this.#run, { name, contentType }, content)
      .finally(() => (this.#isWriting = false))
  }

  /** What the table keeps of a result: one that is too large goes into a file. */
  async place(result: unknown): Promise<unknown> {
    if (isInline(result)) return result
    if (this.#hasFile) {
      throw invalid(this.#task.type, 'the result beside a file has more than 64 KiB of JSON')
    }
    await this.write('result.json', 'application/json', JSON.stringify(result))
    return null
  }

  /** Says how the attempt ends, and writes all. What comes later is not the task's. */
  async closeLog(end: TaskState | null): Promise<void> {
    const entry = end && entryOf(end)
    if (entry) this.#kept.add(entry.level, entry.message)
    this.#kept.close()
    if (!this.#kept.isSaved) await this.#services.logs.flush(this.#kept)
  }

  /** Removes the result file of a run that did not complete its task. Never throws. */
  async discardFile(end: TaskState | null): Promise<void> {
    if (!this.#hasFile || end?.status === 'completed') return
    await this.#services.taskFiles.discard(this.#run).catch((error) => {
      this.#logger.error({ err: error }, 'a file is left until the next start')
    })
  }

  get #run() {
    return { id: this.#task.id, claim: this.#task.claim, signal: this.#signal }
  }
}

function invalid(type: string, problem: string): TaskError {
  return new TaskError('invalid-result', `${type}: ${problem}`, { retry: false })
}

interface OutputOptions {
  readonly services: OutputServices
  readonly signal: AbortSignal
}
