/** The share of its time that a timer may be late. */
const SHARE = 1 / 64
/** Milliseconds that it may be late, at most. */
const LATEST = 128

/** What is due at the same moment. */
interface Moment {
  readonly at: number
  readonly timer: NodeJS.Timeout
  /** A list with gaps where some were taken back: a set would be built anew as it grows. */
  readonly alarms: (Alarm | undefined)[]
  waiting: number
}

/** What is to be done when its time has come. An object, as there are thousands: closures are larger. */
export abstract class Alarm {
  /** The timers' own: until when it waits, and where in the list. */
  moment: Moment | undefined
  place = 0

  abstract ring(): void
}

/**
 * Timers for very many who wait, none of whom minds a sixty-fourth more: those that are due at about
 * the same moment are due together. Each turn of the event loop in which one of thousands of
 * sleeping tasks wakes alone would begin with cold caches.
 */
export class CoalescedTimers {
  readonly #moments = new Map<number, Moment>()

  /**
   * Lets it ring when so many milliseconds have passed, or up to a 64th of them (128 ms at most)
   * later.
   */
  set(milliseconds: number, alarm: Alarm): void {
    const step = stepOf(milliseconds)
    const now = performance.now()
    const at = Math.ceil((now + milliseconds) / step) * step
    const moment = this.#moments.get(at) ?? this.#add(at, at - now)
    alarm.moment = moment
    alarm.place = moment.alarms.push(alarm) - 1
    moment.waiting++
  }

  /** Takes back one that has not rung yet. */
  clear(alarm: Alarm): void {
    const { moment, place } = alarm
    if (moment?.alarms[place] !== alarm) return
    moment.alarms[place] = undefined
    if (--moment.waiting > 0) return
    clearTimeout(moment.timer)
    this.#moments.delete(moment.at)
  }

  #add(at: number, after: number): Moment {
    const alarms: Moment['alarms'] = []
    const timer = setTimeout(() => {
      this.#moments.delete(at)
      for (const alarm of alarms) alarm?.ring()
    }, after)
    const moment = { at, timer, alarms, waiting: 0 }
    this.#moments.set(at, moment)
    return moment
  }
}

/** Milliseconds between two moments: powers of two, so that those of long timers serve short ones. */
function stepOf(milliseconds: number): number {
  const late = Math.min(LATEST, Math.max(1, milliseconds * SHARE))
  return 2 ** Math.floor(Math.log2(late))
}
