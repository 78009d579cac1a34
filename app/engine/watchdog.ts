import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Milliseconds between two beats of the event loop, and between two looks at them. */
const BEAT = 500

/** What the thread is given. */
export interface WatchdogData {
  readonly runnerId: string
  readonly database: string
  readonly beat: number
  /** Two 32-bit integers: the beats so far, and 1 while the loop is blocked. */
  readonly shared: SharedArrayBuffer
}

/**
 * Measures the delay of this process' event loop from a thread of its own, which tells it in the
 * runner's row: nobody else can while the loop is blocked. Never keeps the process alive.
 */
export class Watchdog {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #worker: Worker
  readonly #timer: NodeJS.Timeout

  constructor(runnerId: string, database: string, onError: (error: unknown) => void) {
    const workerData: WatchdogData = {
      runnerId,
      database,
      beat: BEAT,
      shared: this.#shared.buffer as SharedArrayBuffer,
    }
    // Under TypeScript as in the build.
    const thread = join(import.meta.dirname, `watchdog_thread${extname(import.meta.filename)}`)
    this.#worker = new Worker(thread, {
      workerData,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    })
    this.#worker.on('error', onError)
    this.#worker.unref()
    this.#timer = setInterval(() => Atomics.add(this.#shared, 0, 1), BEAT)
    this.#timer.unref()
  }

  /** Whether the event loop is, or was until this moment, blocked. */
  get isBusy(): boolean {
    return Atomics.load(this.#shared, 1) === 1
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#worker.terminate()
  }
}
