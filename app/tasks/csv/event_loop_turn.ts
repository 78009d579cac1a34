import { setImmediate } from 'node:timers/promises'

/** Milliseconds of work after which others should have their turn. */
const TURN_MS = 5

/**
 * Keeps synchronous work short: awaiting a promise that is already settled
 * does not give way to timers and sockets, this does.
 */
export class EventLoopTurn {
  #began = performance.now()

  /** To be called when the event loop has just been given way by other means. */
  begin(): void {
    this.#began = performance.now()
  }

  isOver(): boolean {
    return performance.now() - this.#began > TURN_MS
  }

  async giveWay(): Promise<void> {
    await setImmediate()
    this.begin()
  }
}
