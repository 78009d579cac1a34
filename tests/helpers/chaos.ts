import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Landmark } from '#engine/landmarks'
import { ServerProcess } from '#tests/helpers/server_process'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { difficultCsv, startImport } from '#tests/helpers/import_file'

const ROWS = 8000
/** Milliseconds after which a task that was recovered counts as stuck, or a watcher as astray. */
const STUCK_AFTER = 60_000
const csv = difficultCsv(ROWS)

export type Death = Landmark | 'any-moment'
export const deaths: readonly Death[] = [
  'any-moment',
  'before-claim',
  'after-claim',
  'mid-batch',
  'before-tell',
  'draining',
]

interface Row {
  readonly id: string
  readonly type: string
  readonly status: string
  readonly version: number
  readonly claim: number
}

export interface ChaosReport {
  cycles: number
  tasks: number
  readonly violations: string[]
  /** Milliseconds from the death to a server that listens, recovered. */
  readonly recoveries: number[]
  /** Runs beyond the first of a task: each repeats at most one batch of an import. */
  repeatedRuns: number
}

/**
 * Kills a real server again and again while tasks run and clients watch, and checks after each time,
 * with SQL of its own, that nothing is lost, doubled, stuck or told wrongly.
 */
export class Chaos {
  readonly report: ChaosReport = {
    cycles: 0,
    tasks: 0,
    violations: [],
    recoveries: [],
    repeatedRuns: 0,
  }
  readonly #server: ServerProcess
  readonly #accepted = new Set<string>()
  readonly #terminal = new Map<string, string>()

  private constructor(server: ServerProcess) {
    this.#server = server
  }

  static async run(cycles: readonly Death[]): Promise<ChaosReport> {
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '4' })
    const chaos = new Chaos(server)
    try {
      for (const death of cycles) await chaos.#cycle(death)
      return chaos.report
    } finally {
      await server.dispose()
    }
  }

  async #cycle(death: Death): Promise<void> {
    await this.#server.restart({
      LOAD_HELPERS: 'kill_at',
      KILL_AT: death,
      KILL_COUNT: String(death === 'mid-batch' ? 1 + random(15) : 2 + random(2)),
    })
    const watched = Array.from({ length: 3 }, () => randomUUID())
    const client = new NaiveClient(this.#server.url)
    const subscribed = Promise.all(watched.map((id) => client.watch(id)))
    await Promise.race([subscribed.catch(() => {}), setTimeout(3000)])
    const watching = this.#watch(client, watched)
    await Promise.all(watched.map((id, index) => this.#start(id, index)))
    await this.#die(death)

    const since = performance.now()
    await this.#server.restart({ LOAD_HELPERS: '' })
    this.report.recoveries.push(performance.now() - since)
    this.report.cycles++
    await this.#settled()
    this.#check()
    // The stock client gives up after five errors: it comes back before the next death.
    await watching
  }

  /** What is accepted must never be lost; what the death refuses is nobody's promise. */
  async #start(id: string, index: number): Promise<void> {
    const url = this.#server.url
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
    if (death === 'any-moment') await setTimeout(random(800))
    if (death === 'draining') await setTimeout(random(400))
    if (death === 'any-moment') await this.#server.kill('SIGKILL')
    else if (death === 'draining') await this.#server.kill('SIGTERM')
    // The landmark may not come by that often.
    else await Promise.race([this.#server.exited, setTimeout(2000)])
    await this.#server.kill('SIGKILL')
  }

  /** An unmodified client and a poller: versions never go back, and both end on the truth. */
  async #watch(client: NaiveClient, ids: readonly string[]): Promise<void> {
    const { cycles } = this.report
    const polled = new Map<string, number>()
    const until = performance.now() + STUCK_AFTER
    const pending = new Set(ids)
    while (pending.size > 0 && performance.now() < until) {
      for (const id of pending) {
        const version = await this.#poll(id)
        if (version > 0 && version < (polled.get(id) ?? 0))
          this.#violation(`${id}: a poll went back`)
        if (version > 0) polled.set(id, version)
        const shown = client.seen.filter((each) => each.id === id).at(-1)
        const truth = this.#rows().get(id)
        if (
          truth &&
          this.#terminal.has(id) &&
          shown?.version === truth.version &&
          version === truth.version
        ) {
          pending.delete(id)
        }
        if (!truth && !this.#accepted.has(id) && this.report.cycles > cycles) {
          pending.delete(id)
        }
      }
      await setTimeout(100)
    }
    for (const id of ids) {
      const versions = client.seen.filter((each) => each.id === id).map(({ version }) => version)
      if (versions.some((version, at) => version < (versions[at - 1] ?? 0))) {
        this.#violation(`${id}: a watcher's version went back: ${versions.join(' ')}`)
      }
    }
    for (const id of pending) {
      const shown = client.seen.filter((each) => each.id === id).at(-1)
      this.#violation(`${id}: a watcher ended on ${shown?.status} ${shown?.version}`)
    }
    client.close()
  }

  async #poll(id: string): Promise<number> {
    const answer = await fetch(`${this.#server.url}/tasks/${id}/progress`).catch(() => null)
    if (!answer?.ok) return 0
    const body = (await answer.json().catch(() => null)) as { version: number } | null
    return body?.version ?? 0
  }

  /** Waits until every task is over; those that don't get there are stuck. */
  async #settled(): Promise<void> {
    const until = performance.now() + STUCK_AFTER
    for (;;) {
      const open = [...this.#rows().values()].filter((row) => !isOver(row))
      if (open.length === 0) return
      if (performance.now() > until) {
        for (const row of open) this.#violation(`${row.id}: stuck as ${row.status}`)
        return
      }
      await setTimeout(50)
    }
  }

  #check(): void {
    const rows = this.#rows()
    this.report.tasks = rows.size
    this.report.repeatedRuns = 0
    for (const id of this.#accepted) if (!rows.has(id)) this.#violation(`${id}: lost`)
    for (const row of rows.values()) {
      this.report.repeatedRuns += Math.max(0, row.claim - 1)
      const before = this.#terminal.get(row.id)
      const now = `${row.status} ${row.version}`
      if (before && before !== now) this.#violation(`${row.id}: was ${before}, is ${now}`)
      if (!before && row.type === 'import-csv') this.#checkRows(row)
      if (isOver(row)) this.#terminal.set(row.id, now)
    }
  }

  #checkRows({ id, status }: Row): void {
    if (status !== 'completed') return this.#violation(`${id}: the import ${status}`)
    const [count, ids, sum] = this.#query<[number, number, number]>(
      `select count(*), count(distinct data ->> 'id'), sum(data ->> 'id')
       from dataset_rows where task_id = '${id}'`
    )[0] ?? [0, 0, 0]
    const right = count === ROWS && ids === ROWS && sum === (ROWS * (ROWS + 1)) / 2
    if (!right) this.#violation(`${id}: ${count} rows, ${ids} of them different`)
  }

  #rows(): Map<string, Row> {
    const rows = this.#query<[string, string, string, number, number]>(
      'select id, type, status, version, claim from tasks'
    )
    return new Map(
      rows.map(([id, type, status, version, claim]) => [id, { id, type, status, version, claim }])
    )
  }

  #query<Columns>(sql: string): Columns[] {
    const file = new SQLite(join(this.#server.folder, 'db.sqlite3'), { readonly: true })
    try {
      return file.prepare(sql).raw().all() as Columns[]
    } finally {
      file.close()
    }
  }

  #violation(what: string): void {
    this.report.violations.push(`cycle ${this.report.cycles}: ${what}`)
  }
}

/** The report in a few lines. */
export function describe({ cycles, tasks, violations, recoveries, repeatedRuns }: ChaosReport) {
  const sorted = recoveries.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0)
  return [
    `${cycles} cycles, ${tasks} tasks, ${violations.length} violations`,
    `from the death to a server that listens: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    `${repeatedRuns} runs were begun again, each from its checkpoint (at most 500 rows twice)`,
    ...violations,
  ].join('\n')
}

function isOver({ status }: Row): boolean {
  return status !== 'queued' && status !== 'processing'
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}
