import pLimit from 'p-limit'
import { Cut } from '#engine/cut'
import type Task from '#models/task'
import { Run, type Outcome, type RunServices } from '#engine/run'
import { setTimeout as delay } from 'node:timers/promises'
import type { TaskTable } from '#engine/task_table'
import { now, stateOf, type TaskState } from '#engine/task_state'

/** Milliseconds between two batched writes of progress. */
const SAVE_INTERVAL = 1000
/** Milliseconds before a failed statement is tried again: doubled from the first to the last. */
const RETRY = { first: 100, last: 5000 }

export interface RunnerOptions extends RunServices {
  readonly id: string
  readonly table: TaskTable
  /** How many tasks run at once. */
  readonly concurrency: number
  /** Hears of every cut, in the order of versions. */
  readonly tell: (cut: Cut) => void
}

/**
 * Executes tasks in this process. Owns the slots, the runs, and the one batched write of progress a
 * second. Guarantees that a terminal status is in the table before it is told, and that a slot
 * stays taken until the task's code has returned.
 */
export class Runner {
  readonly #options: RunnerOptions
  readonly #limit
  readonly #runs = new Map<string, Run>()
  readonly #active = new Set<Promise<void>>()
  readonly #unsaved = new Set<Run>()
  #stopping = false
  #saving: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#limit = pLimit(options.concurrency)
  }

  /** The run of a task that this process executes. */
  find(id: string): Run | undefined {
    return this.#runs.get(id)
  }

  /** How many tasks run here. */
  get size(): number {
    return this.#runs.size
  }

  /** Starts taking tasks. */
  begin(): void {
    this.#timer = setInterval(() => this.#tick(), SAVE_INTERVAL)
    this.wake()
  }

  /** Says that a task may be waiting. Costs nothing when all slots are taken. */
  wake(): void {
    if (this.#stopping || !this.#timer || this.#limit.pendingCount > 0) return
    void this.#limit(() => this.#takeOne())
  }

  /**
   * Takes no more tasks, asks the running ones to stop, and waits for them up to `grace` ms. What
   * still runs then is left to recovery.
   */
  async stop(grace: number): Promise<void> {
    this.#stopping = true
    this.#limit.clearQueue()
    for (const run of this.#runs.values()) run.abort('stopping')
    const timeout = new AbortController()
    await Promise.race([
      Promise.allSettled(this.#active),
      delay(grace, undefined, { signal: timeout.signal }).catch(() => {}),
    ])
    timeout.abort()
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#save()
  }

  async #takeOne(): Promise<void> {
    if (this.#stopping) return
    let task: Task | null
    try {
      task = await this.#options.table.claim(this.#options.id)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'no task could be taken')
      setTimeout(() => this.wake(), SAVE_INTERVAL).unref()
      return
    }
    if (!task) return
    this.wake()
    const done = this.#execute(task).finally(() => this.#active.delete(done))
    this.#active.add(done)
    await done
  }

  async #execute(task: Task): Promise<void> {
    const run = new Run(task, this.#options, (changed, cut) => {
      this.#unsaved.add(changed)
      this.#options.tell(cut)
    })
    this.#runs.set(run.id, run)
    this.#options.tell(run.live.cut)
    if (this.#stopping) run.abort('stopping')

    const outcome = await run.execute()
    const state = terminalState(run.live.seal(), outcome)
    const written = state !== null && (await this.#finish(run, state))
    this.#unsaved.delete(run)
    this.#runs.delete(run.id)
    await this.#tellEnd(run, written ? state : null)
  }

  /** Tells the end; of a fenced run, what became of the task instead. */
  async #tellEnd(run: Run, state: TaskState | null): Promise<void> {
    if (state) return this.#options.tell(new Cut(state))
    run.log.warn('the task was taken from this run')
    const task = await this.#options.table.find(run.id).catch(() => null)
    if (task) this.#options.tell(new Cut(stateOf(task)))
  }

  /** Tries until the end is in the table: what is told must be there. */
  async #finish(run: Run, state: TaskState): Promise<boolean> {
    for (let wait = RETRY.first; ; wait = Math.min(wait * 2, RETRY.last)) {
      try {
        return await this.#options.table.finish(state, run.claim)
      } catch (error) {
        run.log.error({ err: error }, 'the end of the task could not be written, trying again')
        await delay(wait, undefined, { ref: !this.#stopping })
      }
    }
  }

  #tick(): void {
    for (const run of this.#runs.values()) run.live.checkHealth()
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined))
  }

  async #save(): Promise<void> {
    if (this.#unsaved.size === 0) return
    const runs = [...this.#unsaved]
    this.#unsaved.clear()
    try {
      await this.#options.table.saveProgress(
        runs.map((run) => ({ state: run.live.state, claim: run.claim }))
      )
    } catch (error) {
      this.#options.logger.error({ err: error }, 'progress could not be written, trying again')
      for (const run of runs) if (this.#runs.has(run.id)) this.#unsaved.add(run)
    }
  }
}

/** The state that an outcome leads to; `null` when the run is fenced off. */
function terminalState(last: TaskState, outcome: Outcome): TaskState | null {
  if (outcome.status === 'fenced') return null
  const time = now()
  return {
    ...last,
    status: outcome.status,
    progress: outcome.status === 'completed' ? 100 : last.progress,
    result: outcome.status === 'completed' ? outcome.result : null,
    error: outcome.status === 'failed' ? outcome.error : null,
    rate: null,
    etaSeconds: null,
    etaBasis: null,
    version: last.version + 1,
    updatedAt: time,
    finishedAt: time,
  }
}
