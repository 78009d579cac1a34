import { Cut } from '#engine/cut'
import { Eta } from '#engine/eta'
import { Rate } from '#engine/rate'
import type { CompletedRun, ProgressCurve } from '#engine/progress_curve'
import { Addresses, type Snapshot } from '#engine/snapshot'
import { now, type TaskState } from '#engine/task_state'
import { checkNumber, checkText, type Report } from '#engine/reports'

/** Milliseconds between two cuts of a task: at most 10 a second (invariant 6). */
export const CUT_INTERVAL = 100
/** Milliseconds after which a report is one of a task that reports seldom. */
const SELDOM = 80
/**
 * Milliseconds by which the cut of such a report may come early, as long as there are no more than
 * ten a second in the long run (the generic cell rate algorithm): else a task that reports ten times
 * a second would wait each time, once a report of it came late.
 */
export const EARLY = 90
/** Milliseconds without a report after which a running task counts as quiet. */
export const QUIET_AFTER = 30_000

/**
 * A running task in memory. Owns what it reported and what its newest cut is made of.
 *
 * Guarantees: a report changes memory only; the first change is cut at once, later ones at most
 * ten times a second, the last one never lost; progress never goes back; nothing follows `seal`.
 */
export class LiveTask {
  /** Whether a cut has changed more than figures since this was last set to `false`. */
  hasNewLabels = true
  /** As of the newest cut. */
  readonly #state: { -readonly [Key in keyof TaskState]: TaskState[Key] }
  #health: Snapshot['health'] = 'active'
  readonly #addresses: Addresses
  /** Kept once two have asked: those of thousands of tasks would be the most that the collector copies. */
  #cut: Cut | undefined
  #isAsked = false
  /** What the task has reported, cut or not. */
  readonly #report: { -readonly [Key in keyof Report]-?: Exclude<Report[Key], undefined> }
  /** When the next cut is due. */
  #dueAt = -Infinity
  #reportedAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #sealed = false
  #busy = false
  readonly #rate = new Rate()
  readonly #eta: Eta
  readonly #tell: (cut: Cut) => void

  /**
   * @param state as the claim wrote it
   * @param tell hears of every cut but the first, in the order of versions, in the same tick
   * @param history what earlier runs of the type took, and the size of this one, where known
   */
  constructor(
    state: TaskState,
    tell: (cut: Cut) => void,
    history: { curve?: ProgressCurve; size?: number | null } = {}
  ) {
    this.#tell = tell
    const at = performance.now()
    const isResumed = state.progress !== null || state.current !== null
    this.#eta = new Eta(at, isResumed ? (state.progress ?? 0) : null, history)
    this.#state = { ...state, ...this.#eta.update(at, null, state.total) }
    const { progress, message, current, total, unit } = state
    this.#report = { progress, message, current, total, unit }
    this.#addresses = new Addresses(state.id)
    // One that goes on from a checkpoint begins to count at its first report, which says where.
    if (!isResumed) this.#rate.update({ at, current: null })
  }

  /** The newest cut: what everybody is answered with. */
  get cut(): Cut {
    if (this.#cut) return this.#cut
    const cut = this.#newCut()
    if (this.#isAsked) this.#cut = cut
    this.#isAsked = true
    return cut
  }

  /** What the newest cut is made of; the next one changes it. */
  get state(): TaskState {
    return this.#state
  }

  /** The way of this attempt so far, see `Eta`. */
  get way(): (readonly [number, number])[] {
    return this.#eta.way
  }

  get isSealed(): boolean {
    return this.#sealed
  }

  get current(): number {
    return this.#report.current ?? 0
  }

  /**
   * Takes a report. Throws a `TaskError` (`invalid-report`) that names the type; nothing of a bad
   * report is kept. What comes after the end of the run is ignored.
   */
  report(report: Report): void {
    const { progress, message, current, total, unit } = report
    const { type } = this.#state
    if (progress !== undefined) checkNumber(type, 'progress', progress)
    if (message !== undefined) checkText(type, 'message', message)
    if (current !== undefined) checkNumber(type, 'current', current)
    if (total !== undefined) checkNumber(type, 'total', total)
    if (unit !== undefined) checkText(type, 'unit', unit)
    if (this.#sealed) return

    const next = this.#report
    if (progress !== undefined && progress !== null) {
      next.progress = Math.max(next.progress ?? 0, percent(progress))
    }
    if (message !== undefined) next.message = message?.toWellFormed() ?? null
    if (current !== undefined) next.current = current
    if (total !== undefined) next.total = total
    if (unit !== undefined) next.unit = unit?.toWellFormed() ?? null
    this.#changed()
  }

  /** Notes the wish to cancel; a change that is cut at once. */
  requestCancel(at: string): void {
    if (this.#sealed || this.#state.cancelRequestedAt !== null) return
    this.#state.cancelRequestedAt = at
    this.#makeCut()
  }

  /**
   * Cuts once more when the task has gone quiet, or when the process is blocked or no longer is. Gives
   * the seconds after which it may have gone quiet.
   */
  checkHealth({ isBusy }: { isBusy: boolean }): number {
    this.#busy = isBusy
    const at = performance.now()
    if (!this.#sealed && this.#health !== this.#healthAt(at)) this.#makeCut(at)
    const left = QUIET_AFTER - (at - this.#reportedAt)
    return Math.ceil((left > 0 ? left : QUIET_AFTER) / 1000)
  }

  /** Ends reporting and gives the state as last reported, for the terminal write. */
  seal(): TaskState {
    this.#sealed = true
    clearTimeout(this.#timer)
    return { ...this.#state, ...this.#report }
  }

  /** What the attempt teaches when it has completed now; `null` when it did a part of the work. */
  completed(): CompletedRun | null {
    return this.#eta.completed(performance.now())
  }

  #changed(): void {
    const at = performance.now()
    const early = at - this.#reportedAt >= SELDOM ? EARLY : 0
    this.#reportedAt = at
    const wait = this.#dueAt - early - at
    if (wait <= 0) return this.#makeCut(at)
    this.#timer ??= setTimeout(() => this.#makeCut(), wait)
  }

  #makeCut(at = performance.now()): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#dueAt = Math.max(this.#dueAt, at) + CUT_INTERVAL
    const { message, total, unit, etaBasis: basis } = this.#state
    const state = Object.assign(this.#state, this.#report)
    const { etaSeconds, etaBasis } = this.#eta.update(at, state.progress, state.total)
    state.rate = this.#rate.update({ at, current: state.current })
    state.etaSeconds = etaSeconds
    state.etaBasis = etaBasis
    const isSame = state.message === message && state.total === total && state.unit === unit
    if (!isSame || etaBasis !== basis) this.hasNewLabels = true
    state.version++
    state.updatedAt = now()
    this.#health = this.#healthAt(at)
    this.#cut = undefined
    this.#isAsked = false
    this.#tell(this.#newCut())
  }

  #newCut(): Cut {
    return new Cut(this.#state, this.#health, this.#addresses)
  }

  #healthAt(at: number): Snapshot['health'] {
    if (this.#busy) return 'busy'
    return at - this.#reportedAt >= QUIET_AFTER ? 'quiet' : 'active'
  }
}

/** Within 0–100, to the hundredth. */
function percent(progress: number): number {
  return Math.round(Math.min(100, progress) * 100) / 100
}
