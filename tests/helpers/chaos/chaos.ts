import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { BATCH_ROWS } from '#tasks/csv/read_csv'
import type { Landmark } from '#engine/landmarks'
import { watchersOf, type Watcher } from '#tests/helpers/chaos/watchers'
import { Checker, isOver, type Row } from '#tests/helpers/chaos/checker'
import { difficultCsv, startImport } from '#tests/helpers/import_file'
import { ServerProcess, type Program } from '#tests/helpers/server_process'
import { emptyReport, sum, type ChaosReport } from '#tests/helpers/chaos/report'

const ROWS = 16_000
/** Milliseconds after which a task that was recovered counts as stuck, or a watcher as astray. */
const STUCK_AFTER = 60_000
/** Milliseconds within which a server comes by a landmark. */
const LANDMARK_WITHIN = 15_000
/** How often a server is killed once more before its clients are back. */
const TWICE = 0.25
const csv = difficultCsv(ROWS)

export const deaths = [
  'any-moment',
  'before-claim',
  'after-claim',
  'mid-batch',
  'before-tell',
  'draining',
] as const satisfies readonly (Landmark | 'any-moment')[]
export type Death = (typeof deaths)[number]

/** At which pass of a landmark the server dies: each comes by at least that often. */
const passes: Record<Death, () => number> = {
  'any-moment': () => 0,
  'before-claim': () => 2 + random(2),
  'after-claim': () => 1 + random(3),
  'mid-batch': () => 1 + random(ROWS / BATCH_ROWS),
  'before-tell': () => 1 + random(3),
  'draining': () => 1,
}

interface ChaosOptions {
  readonly lanes?: number
  readonly program?: Program
  readonly say?: (line: string) => void
}

/**
 * Kills a real server again and again while tasks run and clients watch, and checks after each time,
 * with SQL of its own, that nothing is lost, doubled, stuck or told wrongly.
 */
export class Chaos {
  readonly #report = emptyReport()
  readonly #server: ServerProcess
  readonly #say: (line: string) => void
  readonly #checker: Checker
  readonly #accepted = new Set<string>()
  readonly #terminal = new Map<string, string>()

  private constructor(server: ServerProcess, say: (line: string) => void) {
    this.#server = server
    this.#say = say
    this.#checker = new Checker(server.folder)
  }

  /**
   * Goes through the deaths one after the other, in that many lanes at once, each with its server.
   * `say` hears of each violation at once.
   */
  static async run(
    cycles: readonly Death[],
    { lanes = 1, program = 'source', say = () => {} }: ChaosOptions = {}
  ): Promise<ChaosReport> {
    const waiting = cycles.values()
    const lane = async () => {
      const server = await ServerProcess.start({ TASK_CONCURRENCY: '4' }, program)
      const chaos = new Chaos(server, say)
      try {
        await chaos.#measureCalm()
        for (const death of waiting) await chaos.#cycle(death)
        return chaos.#report
      } finally {
        await server.dispose()
      }
    }
    return sum(await Promise.all(Array.from({ length: lanes }, lane)))
  }

  /** What an import reads when nobody kills it. */
  async #measureCalm(): Promise<void> {
    await this.#server.restart({ LOAD_HELPERS: 'read_log', READ_LOG: this.#checker.readLog })
    const { id } = await startImport(this.#server.url, csv)
    this.#accepted.add(id)
    await this.#settled()
    this.#report.calmBytes = this.#checker.bytesRead(id)
    this.#check()
  }

  async #cycle(death: Death): Promise<void> {
    const { url } = this.#server
    await this.#server.restart({
      LOAD_HELPERS: 'read_log kill_at',
      KILL_AT: death,
      KILL_COUNT: String(passes[death]()),
    })
    const ids = Array.from({ length: 3 }, () => randomUUID())
    const watchers = watchersOf(url, ids)
    await Promise.race([Promise.all(watchers.map(({ ready }) => ready)), setTimeout(3000)])
    const starting = Promise.all(ids.map((id, index) => this.#start(id, index)))
    if (death === 'any-moment' || death === 'draining') await setTimeout(random(600))
    else await starting
    await this.#die(death)
    await starting
    if (Math.random() < TWICE) await this.#dieAgain()

    await this.#comeBack()
    await this.#settled()
    this.#check()
    // The stock client gives up after five errors: it comes back before the next cycle.
    await Promise.all(watchers.map((watcher) => this.#judge(watcher, ids)))
    for (const watcher of watchers) watcher.close()
    this.#report.cycles++
    this.#say(`${death}: ${this.#report.cycles} cycles in this lane`)
  }

  /** What is accepted must never be lost; what the death refuses is nobody's promise. */
  async #start(id: string, index: number): Promise<void> {
    const { url } = this.#server
    try {
      if (index === 0) await startImport(url, csv, id)
      else {
        const body = JSON.stringify({ id, type: 'simulate', input: { steps: 30, stepMs: 10 } })
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${url}/tasks`, { method: 'POST', body, headers })
        if (answer.status !== 202) return
      }
      this.#accepted.add(id)
    } catch {
      // The server died meanwhile.
    }
  }

  async #die(death: Death): Promise<void> {
    this.#report.deaths++
    if (death === 'any-moment') return void (await this.#server.kill('SIGKILL'))
    const { exited } = this.#server
    if (death === 'draining') void this.#server.kill('SIGTERM')
    const exit = await Promise.race([exited, setTimeout(LANDMARK_WITHIN)])
    if (exit?.signal === 'SIGKILL') this.#report.atLandmark++
    await this.#server.kill('SIGKILL')
  }

  /** While it starts, recovers, or has just begun to work. */
  async #dieAgain(): Promise<void> {
    this.#report.deaths++
    await this.#server.relaunch({ LOAD_HELPERS: 'read_log' })
    await setTimeout(random(1200))
    await this.#server.kill('SIGKILL')
  }

  async #comeBack(): Promise<void> {
    const since = performance.now()
    const interrupted = [...this.#checker.rows().values()].filter(
      (row) => row.type === 'import-csv' && !isOver(row)
    )
    const again = interrupted.map(async ({ id, attempt }) => {
      const runsAgain = ({ attempt: next }: Row) => next > attempt
      while (!runsAgain(this.#checker.rows().get(id) as Row)) await setTimeout(20)
      this.#report.running.push(performance.now() - since)
    })
    await this.#server.restart({ LOAD_HELPERS: 'read_log' })
    this.#report.listening.push(performance.now() - since)
    await Promise.race([Promise.all(again), setTimeout(STUCK_AFTER)])
  }

  /** Waits until every task is over; those that don't get there are stuck. */
  async #settled(): Promise<void> {
    const until = performance.now() + STUCK_AFTER
    for (;;) {
      const open = [...this.#checker.rows().values()].filter((row) => !isOver(row))
      if (open.length === 0) return
      if (performance.now() > until) {
        for (const row of open) this.#violation(`${row.id}: stuck as ${row.status}`)
        return
      }
      await setTimeout(50)
    }
  }

  #check(): void {
    const rows = this.#checker.rows()
    this.#report.tasks = rows.size
    for (const id of this.#accepted) if (!rows.has(id)) this.#violation(`${id}: lost`)
    for (const row of rows.values()) {
      const before = this.#terminal.get(row.id)
      const now = `${row.status} ${row.version}`
      if (before && before !== now) this.#violation(`${row.id}: was ${before}, is ${now}`)
      if (!before && row.type === 'import-csv') this.#checkImport(row)
      if (isOver(row)) this.#terminal.set(row.id, now)
    }
  }

  #checkImport({ id, status, attempt }: Row): void {
    if (status !== 'completed') return this.#violation(`${id}: the import ${status}`)
    const { count, ids, sum: total } = this.#checker.imported(id)
    const right = count === ROWS && ids === ROWS && total === (ROWS * (ROWS + 1)) / 2
    if (!right) this.#violation(`${id}: ${count} rows, ${ids} of them different`)
    if (attempt === 1) return
    this.#report.readAgain.push(this.#checker.bytesRead(id) - this.#report.calmBytes)
  }

  /** Versions never go back, and the watcher ends on the truth, unless it says that it gave up. */
  async #judge(watcher: Watcher, ids: readonly string[]): Promise<void> {
    const until = performance.now() + STUCK_AFTER
    const rows = this.#checker.rows()
    for (const id of ids) {
      const truth = rows.get(id)
      if (!truth) continue
      this.#report.watchers++
      const versions = () =>
        watcher.seen.filter((each) => each.id === id).map((each) => each.version)
      const isRight = () => versions().at(-1) === truth.version
      while (!isRight() && !watcher.gaveUp(id) && performance.now() < until) await setTimeout(50)
      const why = isRight() ? null : watcher.gaveUp(id)
      if (why) this.#gaveUp(`${watcher.name}, ${why}`)
      else if (!isRight()) {
        this.#violation(
          `${id}: ${watcher.name} ended on ${versions().at(-1)}, not ${truth.version}`
        )
      }
      if (versions().some((version, at, all) => version < (all[at - 1] ?? 0))) {
        this.#violation(`${id}: ${watcher.name} went back: ${versions().join(' ')}`)
      }
    }
  }

  #gaveUp(why: string): void {
    this.#report.gaveUp.set(why, (this.#report.gaveUp.get(why) ?? 0) + 1)
  }

  #violation(what: string): void {
    const line = `cycle ${this.#report.cycles}: ${what}`
    this.#report.violations.push(line)
    this.#say(line)
  }
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}
