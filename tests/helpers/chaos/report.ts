/** What became of a server that was killed again and again. */
export interface ChaosReport {
  cycles: number
  deaths: number
  /** Deaths that were to come at a landmark and did. */
  atLandmark: number
  tasks: number
  watchers: number
  readonly violations: string[]
  /** Watchers that gave up, by their own account, by kind and reason. */
  readonly gaveUp: Map<string, number>
  /** Milliseconds from the death to a server that listens, recovered. */
  readonly listening: number[]
  /** Milliseconds from the death to an interrupted import that runs again. */
  readonly running: number[]
  /** Bytes of an upload that an import reads when nobody kills it. */
  calmBytes: number
  /** Bytes that each import which was begun again read beyond that, over all its runs. */
  readonly readAgain: number[]
}

export function emptyReport(): ChaosReport {
  return {
    cycles: 0,
    deaths: 0,
    atLandmark: 0,
    tasks: 0,
    watchers: 0,
    violations: [],
    gaveUp: new Map(),
    listening: [],
    running: [],
    calmBytes: 0,
    readAgain: [],
  }
}

/** One report of all. */
export function sum(reports: readonly ChaosReport[]): ChaosReport {
  const total = emptyReport()
  for (const report of reports) {
    total.cycles += report.cycles
    total.deaths += report.deaths
    total.atLandmark += report.atLandmark
    total.tasks += report.tasks
    total.watchers += report.watchers
    total.calmBytes = report.calmBytes
    total.violations.push(...report.violations)
    total.listening.push(...report.listening)
    total.running.push(...report.running)
    total.readAgain.push(...report.readAgain)
    for (const [why, count] of report.gaveUp) {
      total.gaveUp.set(why, (total.gaveUp.get(why) ?? 0) + count)
    }
  }
  return total
}

/** The report in a few lines. */
export function describe(report: ChaosReport): string {
  const { listening, running, readAgain, calmBytes } = report
  const most = readAgain.length > 0 ? Math.max(...readAgain) : 0
  return [
    `${report.cycles} cycles, ${report.deaths} deaths (${report.atLandmark} at a landmark), ` +
      `${report.tasks} tasks, ${report.watchers} watchers, ${report.violations.length} violations`,
    `from the death to a server that listens: ${percentiles(listening)} ms`,
    `from the death to the import that runs again: ${percentiles(running)} ms (${running.length})`,
    `repeated work: ${readAgain.length} imports were begun again and read p50 ${kib(at(readAgain, 0.5))}, ` +
      `p99 ${kib(at(readAgain, 0.99))}, at most ${kib(most)} more than the ${kib(calmBytes)} of one left alone`,
    ...[...report.gaveUp].map(([why, count]) => `${count} gave up: ${why}`),
    ...report.violations,
  ].join('\n')
}

function percentiles(figures: readonly number[]): string {
  return `p50 ${Math.round(at(figures, 0.5))}, p99 ${Math.round(at(figures, 0.99))}`
}

function at(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`
}
