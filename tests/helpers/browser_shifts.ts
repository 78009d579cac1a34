import type { Page } from 'playwright-core'

/** What moved without being asked to: how much, and what. */
export interface Shift {
  readonly value: number
  readonly nodes: readonly string[]
}

/** Has every document that the page loads from now on note its layout shifts. */
export async function noteShifts(page: Page): Promise<void> {
  await page.addInitScript(`
    window.shifts = []
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) {
        const nodes = sources.map(({ node }) => (node?.outerHTML ?? node?.textContent ?? '').slice(0, 80))
        window.shifts.push({ value, nodes })
      }
    }).observe({ type: 'layout-shift', buffered: true })
  `)
}

/** All shifts of the document up to now, those of the frame too that is being drawn. */
export async function shiftsOf(page: Page): Promise<Shift[]> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))'
  )
  return page.evaluate<Shift[]>('window.shifts')
}

/** How much has moved, all in all. */
export function sumOf(shifts: readonly Shift[]): number {
  return shifts.reduce((sum, { value }) => sum + value, 0)
}
