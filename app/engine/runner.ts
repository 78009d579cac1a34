import pLimit, { type LimitFunction } from 'p-limit'
import { pass } from '#engine/landmarks'
import { within } from '#engine/duration'
import { Suspects } from '#engine/suspects'
import { Cut } from '#engine/cut'
import { Turns } from '#engine/turns'
import { QUIET_AFTER } from '#engine/live_task'
import type { StoredTask } from '#engine/stored_task'
import { Run, type Outcome, type RunServices } from '#engine/run'
import { cancelledInstead, settle } from '#engine/settling'
import { ProgressWriter } from '#engine/progress_writer'
import { setTimeout as delay } from 'node:timers/promises'
import type { TaskTable } from '#engine/task_table'
import { yieldsToCancel, type TaskState } from '#engine/task_state'
import { LongTask } from '#engine/long_task'

/** Milliseconds between two looks: progress is written, wishes to cancel are read. */
const TICK = 1000
/** Milliseconds before a failed statement is tried again: doubled from the first to the last. */
const RETRY = { first: 100, last: 5000 }
/** Milliseconds that the timer for the next attempt waits at most: clocks may be set. */
const LONGEST_SLEEP = 60_000

/** The end of an attempt after which nobody knows what the type wants. */
const undecided: Outcome = {
  status: 'failed',
  error: { code: 'task-error', message: 'The server could not decide what follows.' },
  retry: false,
}

export interface RunnerOptions extends RunServices {
  readonly id: string
  readonly table: TaskTable
  /** Whether the event loop is blocked, or was until now. */
  readonly isBusy: () => boolean
  /** How many tasks run at once. */
  readonly concurrency: number
  /** Hears of every cut, in the order of versions. */
  readonly tell: (cut: Cut) => void
}

/**
 * Executes tasks in this process. Owns the slots and the runs. Guarantees that a terminal status is
 * in the table before it is told, that a slot stays taken until the task's code has returned, and
 * that a task which may be to blame for earlier crashes runs alone, for a while at least.
 */
export class Runner {
  readonly #options: RunnerOptions
  readonly #progress: ProgressWriter
  /** Those without an outcome yet. */
  readonly #runs = new Map<string, Run>()
  /** One entry a slot. */
  readonly #slots = new Set<Promise<void>>()
  readonly #suspects = new Suspects()
  #stopping = false
  #woken = false
  #wasBusy = false
  /** When each may have gone quiet: there may be ten thousand. */
  readonly #health = new Turns<Run>()
  readonly #limit: LimitFunction
  #taking: Promise<void> | undefined
  #ticker: NodeJS.Timeout | undefined
  #alarm: NodeJS.Timeout | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#limit = pLimit(options.concurrency)
    this.#progress = new ProgressWriter(options.table, options.logger)
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
    this.#ticker = setInterval(() => void this.#tick(), TICK)
    this.wake()
  }

  /** Says that a task may be waiting. Costs nothing when all slots are taken. */
  wake(): void {
    this.#woken = true
    if (!this.#hasRoom) return
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined
      if (this.#woken) this.wake()
    })
  }

  /**
   * Takes no more tasks, asks the running ones to stop, and waits for them up to `grace` ms. What
   * still runs then is left to recovery.
   */
  async stop(grace: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#alarm)
    for (const run of this.#runs.values()) run.abort('stopping')
    pass('draining')
    const ended = Promise.resolve(this.#taking).then(() => Promise.allSettled(this.#slots))
    await within(grace, ended)
    this.#options.commits.abandon()
    clearInterval(this.#ticker)
    this.#ticker = undefined
    await this.#progress.save()
    await this.#options.history.save()
    await this.#options.logs.save()
  }

  get #hasRoom(): boolean {
    if (this.#stopping || !this.#ticker || this.#suspects.mustBeAlone) return false
    return this.#limit.activeCount + this.#limit.pendingCount < this.#limit.concurrency
  }

  /** Which tasks may be taken now. */
  get #choice(): { suspectsUntil: Date } {
    return { suspectsUntil: this.#suspects.takenUntil({ isIdle: this.#slots.size === 0 }) }
  }

  /** Takes tasks, one after the other, while there are some and there is room. */
  async #take(): Promise<void> {
    const { table, id, logger } = this.#options
    try {
      while (this.#woken && this.#hasRoom) {
        this.#woken = false
        pass('before-claim')
        const task = await table.claim(id, this.#choice)
        if (!task) continue
        pass('after-claim')
        this.#woken = true
        this.#occupy(task)
      }
      if (!this.#hasRoom) return
      this.#wakeAt(await table.nextDue(this.#choice))
    } catch (error) {
      logger.error({ err: error }, 'no task could be taken')
      this.#wakeAt(new Date(Date.now() + TICK).toISOString())
    }
  }

  #wakeAt(due: string | null): void {
    clearTimeout(this.#alarm)
    if (due === null || this.#stopping) return
    const wait = Math.min(Math.max(0, Date.parse(due) - Date.now()), LONGEST_SLEEP)
    this.#alarm = setTimeout(() => this.wake(), wait)
    this.#alarm.unref()
  }

  #occupy(task: StoredTask): void {
    const run = new Run(task, this.#options, (changed, cut) => {
      this.#progress.note(changed)
      this.#options.tell(cut)
    })
    this.#suspects.noteStart(run)
    this.#runs.set(run.id, run)
    this.#health.add(run, QUIET_AFTER / 1000)
    this.#options.tell(run.live.cut)
    if (this.#stopping) run.abort('stopping')

    const slot = this.#limit(() => this.#execute(run)).finally(() => {
      this.#slots.delete(slot)
      this.#suspects.noteEnd(run)
      this.wake()
    })
    this.#slots.add(slot)
  }

  async #execute(run: Run): Promise<void> {
    const outcome = await run.execute()
    this.#learn(run, outcome)
    const settled = this.#settle(run, outcome)
    // Once it is queued, another attempt may be claimed and told, and fences the lines of this one off.
    if (settled?.status === 'queued') await run.output.closeLog(settled)
    const state = await this.#finish(run, settled)
    // An end is for ever: what it says is known to be true.
    if (state?.status !== 'queued') await run.output.closeLog(state)
    await this.#release(run, state)
    await run.returned
    await run.output.discardFile(state)
  }

  /** What becomes of the task, whatever its type says of itself. */
  #settle(run: Run, outcome: Outcome): TaskState | null {
    const last = run.live.seal()
    const { hasCheckpoint, type: { attempts, backoff } = LongTask } = run
    try {
      return settle(last, outcome, { attempts, backoff, hasCheckpoint })
    } catch (error) {
      run.logger.error({ err: error }, 'what follows on the attempt could not be decided')
      return settle(last, undecided, { attempts, backoff, hasCheckpoint })
    }
  }

  /** Lets go of a run, and tells what became of the task. */
  #release(run: Run, state: TaskState | null): Promise<void> {
    this.#progress.forget(run)
    this.#health.delete(run)
    if (this.#runs.get(run.id) === run) this.#runs.delete(run.id)
    pass('before-tell')
    const told = this.#tellEnd(run, state)
    if (state?.status === 'queued') this.wake()
    return told
  }

  #learn(run: Run, outcome: Outcome): void {
    const taught = outcome.status === 'completed' ? run.live.completed() : null
    if (taught) this.#options.history.learn(run.task.type, taught)
  }

  /** Tells the end; of a fenced run, what became of the task instead. */
  async #tellEnd(run: Run, state: TaskState | null): Promise<void> {
    if (state) return this.#options.tell(new Cut(state))
    run.logger.warn('the task was taken from this run')
    // A newer run of the same process tells for itself.
    if (this.#runs.has(run.id)) return
    const task = await this.#options.table.find(run.id).catch(() => null)
    if (task) this.#options.tell(new Cut(task))
  }

  /**
   * Tries until the end is in the table: what is told must be there. Gives what was written, `null`
   * when the run is fenced off.
   */
  async #finish(run: Run, state: TaskState | null): Promise<TaskState | null> {
    if (state === null) return null
    for (let wait = RETRY.first; ; wait = Math.min(wait * 2, RETRY.last)) {
      try {
        const written = await this.#options.table.finish(state, run.claim)
        if (written) return written
        return yieldsToCancel(state) ? await this.#finish(run, cancelledInstead(state)) : null
      } catch (error) {
        run.logger.error({ err: error }, 'the end of the task could not be written, trying again')
        await delay(wait, undefined, { ref: !this.#stopping })
      }
    }
  }

  async #tick(): Promise<void> {
    if (this.#suspects.isRunning && !this.#suspects.mustBeAlone) this.wake()
    this.#checkHealth()
    await this.#progress.save()
    await this.#options.history.save()
    await this.#options.logs.save()
    if (this.#runs.size > 0) await this.#readCancelRequests()
  }

  /** All of them when the process is blocked or no longer is; else those that may have gone quiet. */
  #checkHealth(): void {
    const isBusy = this.#options.isBusy()
    const check = (run: Run) => run.live.checkHealth({ isBusy })
    if (isBusy || this.#wasBusy) for (const run of this.#runs.values()) check(run)
    this.#health.upToNow(check)
    this.#wasBusy = isBusy
  }

  /** A wish to cancel may have been told to another process. */
  async #readCancelRequests(): Promise<void> {
    const { table, logger } = this.#options
    try {
      for (const wish of await table.cancelRequests()) this.find(wish.id)?.cancel(wish.at)
    } catch (error) {
      logger.error({ err: error }, 'wishes to cancel could not be read')
    }
  }
}
