import type { Logger } from '@adonisjs/core/logger'
import type { Report } from '#engine/reports'
import type { Bytes } from '#engine/bytes'
import type { ResultFile } from '#engine/task_files'
import { Each, noteBreath } from '#engine/each'
import { Alarm, CoalescedTimers } from '#engine/coalesced_timers'
import { RunAborted } from '#engine/errors'
import type { Backoff } from '#engine/backoff'
import type { InputOf, TaskInput } from '#engine/task_input'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'

/** Those of all sleeping tasks. */
const timers = new CoalescedTimers()

/** What a run lends to its task: the way down to the engine. */
export interface RunHandle {
  readonly id: string
  readonly attempt: number
  readonly input: unknown
  readonly checkpoint: unknown
  readonly signal: AbortSignal
  readonly log: Logger
  readonly current: number
  report(report: Report): void
  commit(checkpoint: unknown, work: Work): Promise<void>
  writeResult(name: string, contentType: string, content: Bytes): Promise<ResultFile>
}

/** The database work of one commit. Every query in it uses `trx`. */
export type Work = (trx: TransactionClientContract) => Promise<unknown> | unknown

export interface EachOptions<T> {
  /** What is counted: `rows`, `files`. */
  readonly unit?: string
  /** How many units there are; known by itself for arrays, sets and maps. */
  readonly total?: number
  /** How many units an item stands for. One, unless told. */
  readonly size?: (item: T) => number
  /** Percent (0–100) once the item is done, where it isn't `current` against `total`. */
  readonly progress?: (item: T) => number
}

/** All who wait in a task, from the newest on. */
interface Sleepers {
  newest: Sleeper | undefined
}

/**
 * Who waits in a task. Knows who came before and after: tasks wait so often that a set of them, which
 * is built anew as it changes, would be a part of what waiting costs.
 */
class Sleeper extends Alarm {
  readonly #resolve: (outcome?: Promise<never>) => void
  readonly #all: Sleepers
  #older: Sleeper | undefined
  #newer: Sleeper | undefined

  constructor(resolve: (outcome?: Promise<never>) => void, all: Sleepers) {
    super()
    this.#resolve = resolve
    this.#all = all
    this.#older = all.newest
    if (this.#older) this.#older.#newer = this
    all.newest = this
  }

  ring(): void {
    noteBreath()
    this.#leave()
    this.#resolve()
  }

  fail(reason: RunAborted): void {
    timers.clear(this)
    this.#leave()
    this.#resolve(Promise.reject(reason))
  }

  #leave(): void {
    if (this.#older) this.#older.#newer = this.#newer
    if (this.#newer) this.#newer.#older = this.#older
    else this.#all.newest = this.#older
  }
}

/**
 * A task type: extend this class in `app/tasks/`, name it with `static type`, describe it, give it
 * an input schema, and write `run`. One object is one run.
 *
 * `run` gives the result, any JSON value; one of more than 64 KiB is kept as a file. What it throws fails the attempt: a `TaskError` with its
 * own code, anything else with `task-error`. Another attempt follows while there are some left,
 * unless the error says that it is no use.
 *
 * When the server dies or is stopped, a task goes on by itself, and that doesn't count as a failed
 * attempt, if it may safely run again: because it has committed a checkpoint, or its type declares
 * more than one attempt. Any other one fails with `interrupted`. A task that takes the server down
 * three times without a new checkpoint in between fails, too.
 */
export abstract class LongTask<Input extends TaskInput = TaskInput, Result = unknown> {
  /** The public name, kebab-case. */
  static type: string
  /** One sentence for whoever picks a type. */
  static description: string
  /** Validates the input before the task exists. */
  static input: TaskInput
  /** How many attempts may fail before the task does. */
  static attempts = 1
  /** The pause between two attempts. */
  static backoff: Backoff = { first: '1s', longest: '5m' }
  /** How long an attempt may take (`1h`) until its signal is aborted and it fails (`timeout`). */
  static timeout: string | null = null
  /** How long a task may wait for its first attempt (`1d`) until it fails with `expired`. */
  static expires: string | null = null

  readonly #run: RunHandle
  readonly #sleepers: Sleepers = { newest: undefined }
  /** Why the task shall stop: what the signal says, which takes longer to ask. */
  #reason: RunAborted | undefined

  constructor(run: RunHandle) {
    this.#run = run
    this.#reason = run.signal.reason
    run.signal.addEventListener('abort', () => {
      this.#reason = run.signal.reason
      while (this.#sleepers.newest) this.#sleepers.newest.fail(run.signal.reason)
    })
  }

  abstract run(): Promise<Result>

  get id(): string {
    return this.#run.id
  }

  /** The validated input. */
  get input(): InputOf<Input> {
    return this.#run.input as InputOf<Input>
  }

  /** Which try this is, from 1. */
  get attempt(): number {
    return this.#run.attempt
  }

  /**
   * What the last `commit` of an earlier attempt left, else `null`. Check its shape, which an
   * earlier release may have written (`bad-checkpoint`), and report the `current` that it stands for.
   */
  get checkpoint(): unknown {
    return this.#run.checkpoint
  }

  /**
   * Aborted when the task shall stop. Hand it to whatever takes a signal. Its reason is a
   * `RunAborted`, whose `why` is `cancelled`, `timeout` or `stopping`: the server ends, and a last
   * commit is welcome.
   */
  get signal(): AbortSignal {
    return this.#run.signal
  }

  /**
   * Writes to the server's log, marked with this task. The text of `info` and above is also kept
   * with the task (the newest 1,000 lines, 2,000 characters each), where its owner can read it.
   */
  get log(): Logger {
    return this.#run.log
  }

  /** How many units are done. */
  get current(): number {
    return this.#run.current
  }

  /** Reports percent (0–100, `null` while unknown) and a message. Changes memory only. */
  progress(value: number | null, message?: string | null): void {
    this.#run.report({ progress: value, message })
  }

  /** Reports anything that clients see: counts, unit, message. Changes memory only. */
  report(report: Report): void {
    this.#run.report(report)
  }

  /**
   * Waits so many milliseconds, or up to a 64th (128 ms at most) longer, so that tasks wake
   * together. Rejects with the signal's reason as soon as the task shall stop.
   */
  sleep(milliseconds: number): Promise<void> {
    if (this.#reason) return Promise.reject(this.#reason)
    return new Promise((resolve) => {
      timers.set(milliseconds, new Sleeper(resolve, this.#sleepers))
    })
  }

  /**
   * Stores the work and the checkpoint in one transaction that is fenced: all of it is there, or
   * nothing. Keep it short, since SQLite writes one thing at a time, and use `trx` for every query
   * in it: one that doesn't would wait for itself and fails at once (`query-outside-commit`). The
   * work may be done again, when the database was locked or full.
   *
   * @param checkpoint JSON of at most 4 MiB, the smaller the better; the next attempt goes on from it
   */
  async commit(checkpoint: unknown, work: Work): Promise<void> {
    const { reason } = this.signal
    if (!(reason instanceof RunAborted && reason.why === 'stopping')) this.signal.throwIfAborted()
    await this.#run.commit(checkpoint, work)
  }

  /**
   * Stores the result as a file, which `GET /tasks/:id/result` then gives instead of what `run`
   * returns; a second one takes its place. Takes from `content` only as fast as the disk does, so
   * a generator or a stream of any length is never in memory as a whole.
   *
   * @param name what people see when they save it: `people.csv.gz`
   * @param content text or bytes, whole or piece by piece
   * @returns name, bytes and SHA-256 of the file, to be returned from `run` or not
   */
  async writeResult(name: string, contentType: string, content: Bytes): Promise<ResultFile> {
    return this.#run.writeResult(name, contentType, content)
  }

  /**
   * Goes through the items and reports each when its turn of the loop is done: count, percent,
   * rate. Stops when the task is cancelled and lets the event loop breathe.
   */
  each<T>(
    items: Iterable<T> | AsyncIterable<T>,
    options: EachOptions<T> = {}
  ): AsyncIterableIterator<T, void, undefined> {
    const total = options.total ?? sizeOf(items)
    this.#run.report({ total, unit: options.unit })
    return new Each(items, {
      check: () => this.#check(),
      done: (item) => {
        const current = this.#run.current + (options.size?.(item) ?? 1)
        const progress = options.progress?.(item) ?? (total ? (current / total) * 100 : undefined)
        this.#run.report({ current, progress })
      },
    })
  }

  /** Throws when the task shall stop. */
  #check(): void {
    if (this.#reason) throw this.#reason
  }
}

function sizeOf(items: object): number | null {
  if (Array.isArray(items)) return items.length
  return items instanceof Set || items instanceof Map ? items.size : null
}
