import { test } from '@japa/runner'
import type { TestContext } from '@japa/runner/core'
import type { Page } from 'playwright-core'
import { deferred } from '#tests/helpers/waiting'
import { live, openTab } from '#tests/helpers/browser'
import { Patient, Persistent, startScript, theEngine, type Scripted } from '#tests/helpers/scripted'
import { noteShifts, shiftsOf, sumOf } from '#tests/helpers/browser_shifts'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
/** Of what a browser calls a good page, a tenth. */
const LEAST = 0.01
const reason = 'The mail server refused the sender address, and said nothing else. '.repeat(8)

async function open(context: TestContext, path: string): Promise<Page> {
  const { page } = await openTab(context, 'about:blank')
  await noteShifts(page)
  await page.goto(`${base()}${path}`)
  await live(page)
  return page
}

/** Reports what a task can report, waits to be told, and ends. */
function script(gate: Promise<unknown>, end: () => unknown) {
  return async (task: Scripted) => {
    task.report({ message: 'people-2026.csv', unit: 'rows' })
    await gate
    task.log.info('this far')
    task.report({ progress: 40, current: 400, total: 1000 })
    return end()
  }
}

const fail = () => {
  throw new Error(reason)
}

test.group('Nothing jumps', () => {
  test('while a page fills itself', async (context) => {
    const { assert, cleanup } = context
    const gate = deferred()
    cleanup(() => gate.resolve())
    const id = await startScript(script(gate.promise, () => null))
    for (const path of ['/', `/tasks/${id}`]) {
      const page = await open(context, path)
      const place = path === '/' ? `a[href="/tasks/${id}"]` : '#message:text("people")'
      await page.locator(place).waitFor()
      const shifts = await shiftsOf(page)
      assert.isBelow(sumOf(shifts), LEAST, JSON.stringify(shifts))
    }
  })

  for (const size of [
    { width: 1280, height: 800 },
    { width: 320, height: 700 },
  ]) {
    test(`while a task completes, fails, or is tried again, ${size.width} px wide`, async (context) => {
      const { assert } = context
      const lives = [
        { type: undefined, end: () => ({ rows: 1000 }), last: '#result-panel:not([hidden])' },
        { type: undefined, end: fail, last: '#task[data-status=failed]' },
        { type: Persistent, end: fail, last: '#task[data-status=failed]' },
        { type: Patient, end: fail, last: '#aside:has-text("Tries again")' },
      ]
      for (const { type, end, last } of lives) {
        const gate = deferred()
        const id = await startScript(script(gate.promise, end), undefined, type)
        const page = await open(context, `/tasks/${id}`)
        await page.setViewportSize(size)
        await page.locator('#message:text("people-2026.csv")').waitFor()
        await shiftsOf(page)
        await page.evaluate('window.shifts = []')
        gate.resolve()
        await page.locator(last).waitFor()
        await page.locator('#log p').first().waitFor({ state: 'attached' })
        const shifts = await shiftsOf(page)
        assert.isBelow(sumOf(shifts), LEAST, `${last} ${JSON.stringify(shifts)}`)
        if (type === Patient) await (await theEngine()).cancel(id, 'local')
      }
    }).timeout(60_000)
  }

  test('in a list of 150, while more of it is loaded and its counts change', async (context) => {
    const { assert } = context
    await Promise.all(Array.from({ length: 150 }, () => startScript(async () => {})))
    const page = await open(context, '/')
    await page.locator('.row').nth(9).waitFor()
    const gate = deferred()
    const ids = await Promise.all(
      Array.from({ length: 120 }, () => startScript(script(gate.promise, () => null)))
    )
    await page.locator('[data-count=queued]:text-matches("^1..$")').waitFor()
    assert.lengthOf(ids, 120)
    while ((await page.locator('#tasks').getAttribute('aria-rowcount')) === '-1') {
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      await shiftsOf(page)
    }
    gate.resolve()
    await page.locator('[data-count=processing]:empty').waitFor({ state: 'attached' })
    const shifts = await shiftsOf(page)
    assert.isBelow(sumOf(shifts), LEAST, JSON.stringify(shifts))
  }).timeout(60_000)
})
