import type { Page } from 'playwright-core'

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds of CPU. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** Tasks of the main thread below this are bookkeeping of the browser (ms of CPU). */
const REAL_WORK = 1

/**
 * Begins to note every task of the page's main thread. Gives the way to stop, which gives what each
 * took in milliseconds of CPU: unlike time by the clock, that is the same on a busy machine.
 * Those below one millisecond are left out, or they would hide the others in any percentile.
 */
export async function cpuOfTasks(page: Page): Promise<() => Promise<number[]>> {
  const session = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) =>
    events.push(...(value as unknown as TraceEvent[]))
  )
  const categories = 'toplevel,disabled-by-default-devtools.timeline,__metadata'
  await session.send('Tracing.start', { categories, transferMode: 'ReportEvents' })
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
    await session.send('Tracing.end')
    await complete
    const main = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid}.${tid}`)
    )
    return events
      .filter(({ name, pid, tid }) => name.endsWith('RunTask') && main.has(`${pid}.${tid}`))
      .map(({ tdur = 0 }) => tdur / 1000)
      .filter((milliseconds) => milliseconds >= REAL_WORK)
  }
}

/** Bytes that the page's objects take, without what is garbage. */
export async function heapSize(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}

/** Milliseconds between each two frames that the page draws meanwhile. */
export async function framesDuring(page: Page, act: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(`
    window.drawn = []
    window.isCounting = true
    const next = (before) => requestAnimationFrame((now) => {
      if (before) window.drawn.push(now - before)
      if (window.isCounting) next(now)
    })
    next()
  `)
  await act()
  return page.evaluate<number[]>('(window.isCounting = false, window.drawn)')
}

/** By how much values at even distances grow from one to the next: the straight line that fits best. */
export function slopeOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const middle = (values.length - 1) / 2
  const along = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return along / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}
