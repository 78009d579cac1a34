import { test } from '@japa/runner'
import type { Page } from 'playwright-core'
import { openTab } from '#tests/helpers/browser'
import { startScript } from '#tests/helpers/scripted'
import { deferred, until } from '#tests/helpers/waiting'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

/** Says to a tab what a headless browser never does, since to it all tabs are seen. */
async function see(page: Page | undefined, isSeen: boolean): Promise<void> {
  await page?.evaluate(
    `Object.defineProperty(document, 'hidden', { configurable: true, value: ${!isSeen} })
     document.dispatchEvent(new Event('visibilitychange'))`
  )
}

test.group('More tabs than a browser has connections for one site', () => {
  test('all open, and each that is looked at ends on the truth', async (context) => {
    const { assert } = context
    const gate = deferred()
    const id = await startScript(async (task) => {
      task.progress(40)
      await gate.promise
    })
    const url = `${base()}/tasks/${id}`
    const { page } = await openTab(context, url)
    const pages = [page]
    for (let count = 1; count < 7; count++) {
      await see(pages.at(-1), false)
      const tab = await page.context().newPage()
      await tab.goto(url)
      await tab.locator('#freshness[data-state=live]').waitFor()
      pages.push(tab)
    }
    await page.locator('#freshness[data-state=resting]').waitFor()

    gate.resolve()
    for (const tab of pages) {
      await see(tab, true)
      await tab.locator('#task[data-status=completed]').waitFor()
      assert.equal(await tab.locator('#freshness').textContent(), 'final')
    }
  })

  test('a tab that nobody sees goes on to show progress in its title, and the end', async (context) => {
    const { assert } = context
    const steps = [deferred(), deferred()]
    const id = await startScript(async (task) => {
      task.progress(10)
      await steps[0]?.promise
      task.progress(70)
      await steps[1]?.promise
    })
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await page.locator('#percent:text-is("10%")').waitFor()
    await see(page, false)
    await page.locator('#freshness[data-state=resting]').waitFor()
    const streams: string[] = []
    page.on('request', (request) => streams.push(request.resourceType()))
    steps[0]?.resolve()
    await until(async () => (await page.title()).startsWith('70% scripted'))
    assert.notInclude(streams, 'eventsource')
    steps[1]?.resolve()
    await until(async () => (await page.title()).startsWith('completed scripted'))
  })
})
