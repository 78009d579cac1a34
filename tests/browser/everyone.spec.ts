import axe from 'axe-core'
import { test } from '@japa/runner'
import type { Page } from 'playwright-core'
import { Patient, startScript, theEngine } from '#tests/helpers/scripted'
import { deferred, endOf } from '#tests/helpers/waiting'
import { live, openTab } from '#tests/helpers/browser'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const phone = { viewport: { width: 320, height: 700 } }

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<axe.AxeResults>(
    'axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })'
  )
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

/** Tasks of every state, as an afternoon leaves them. */
async function someTasks(): Promise<{ id: string; failed: string; end: () => void }> {
  const gate = deferred()
  const failed = await startScript(async (task) => {
    task.progress(62, 'Reading page 31')
    throw new Error('The mailbox is full')
  })
  await endOf(failed)
  await endOf(await startScript(async (task) => task.progress(100, 'All 1,204 pictures')))
  const ids = [
    await startScript(async (task) => {
      task.report({ message: 'Waiting for the first answer', unit: 'pages' })
      await gate.promise
    }),
    await startScript(async (task) => {
      task.report({
        progress: 42,
        current: 8400,
        total: 20_000,
        unit: 'rows',
        message: 'people.csv',
      })
      await gate.promise
    }),
  ]
  return { id: ids[1] ?? '', failed, end: gate.resolve }
}

/** `true` while the page fits its window. */
const fits = (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth')

for (const colorScheme of ['light', 'dark'] as const) {
  test.group(`For everyone, in ${colorScheme} colours`, () => {
    test('axe finds nothing in the list, the form with its errors, and a task', async (context) => {
      const { assert } = context
      const { id, end } = await someTasks()
      context.cleanup(end)
      const { page } = await openTab(context, base(), { colorScheme })
      await live(page)
      await page.locator(`a[href="/tasks/${id}"]`).waitFor()
      assert.deepEqual(await violations(page), [])
      await page.getByRole('button', { name: 'Start a task' }).first().click()
      await page.getByLabel('Type', { exact: true }).last().selectOption('import-csv')
      await page.getByRole('button', { name: 'Start', exact: true }).click()
      await page.locator('#field-dataset[aria-invalid=true]').waitFor()
      assert.deepEqual(await violations(page), [])

      await page.goto(`${base()}/tasks/${id}`)
      await live(page)
      assert.deepEqual(await violations(page), [])
      end()
      await page.locator('#task[data-status=completed]').waitFor()
      assert.deepEqual(await violations(page), [])
    })

    test('fits 320 px', async (context) => {
      const { assert } = context
      const { id, end } = await someTasks()
      context.cleanup(end)
      const { page } = await openTab(context, base(), { colorScheme, ...phone })
      await live(page)
      await page.locator(`a[href="/tasks/${id}"]`).waitFor()
      assert.isTrue(await fits(page))
      await page.getByRole('button', { name: 'Start a task' }).first().click()
      assert.isTrue(await fits(page))
      await page.goto(`${base()}/tasks/${id}`)
      await live(page)
      assert.isTrue(await fits(page))
    })

    test('axe finds nothing where something went wrong', async (context) => {
      const { assert } = context
      const { id, failed, end } = await someTasks()
      context.cleanup(end)
      const { page } = await openTab(context, `${base()}/tasks/${failed}`, { colorScheme })
      await page.locator('#task[data-status=failed]').waitFor()
      assert.deepEqual(await violations(page), [])
      await page.getByRole('button', { name: 'Delete' }).click()
      assert.deepEqual(await violations(page), [])

      await page.goto(`${base()}/tasks/${failed.replace(/^../, '00')}`)
      await page.getByRole('heading', { name: 'Not Found' }).waitFor()
      assert.deepEqual(await violations(page), [])

      await page.goto(`${base()}/?id=00000000-0000-4000-8000`)
      await page.getByText('No task matches').waitFor()
      assert.deepEqual(await violations(page), [])

      for (const path of [`/tasks/${id}`, '/']) {
        await page.goto(`${base()}${path}`)
        await live(page)
        await page.context().setOffline(true)
        await page.locator('#freshness[data-state=stale]').waitFor()
        assert.deepEqual(await violations(page), [], `stale ${path}`)
        await page.context().setOffline(false)
      }

      const waiting = await startScript(
        async () => {
          throw new Error('The archive is locked')
        },
        undefined,
        Patient
      )
      await page.goto(`${base()}/tasks/${waiting}`)
      await page.locator('#aside:has-text("Tries again")').waitFor()
      assert.deepEqual(await violations(page), [])
      const engine = await theEngine()
      await engine.cancel(waiting, 'local')
    })
  })
}

test.group('For everyone', () => {
  test('what happens is told to screen readers, politely', async (context) => {
    const { assert } = context
    const steps = [deferred(), deferred()]
    const id = await startScript(async (task) => {
      task.progress(5)
      await steps[0]?.promise
      task.progress(45)
      await steps[1]?.promise
    })
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await live(page)
    const announcer = page.locator('#announcer')
    assert.equal(await announcer.getAttribute('aria-live'), 'polite')
    steps[0]?.resolve()
    await page.locator('#announcer:text-is("45%")').waitFor({ state: 'attached' })
    steps[1]?.resolve()
    await page.locator('#announcer:text-is("scripted completed")').waitFor({ state: 'attached' })
  })

  test('so is why a task failed, in the list and on its page', async (context) => {
    const gate = deferred()
    const id = await startScript(async () => {
      await gate.promise
      throw new Error('The mailbox is full')
    })
    const list = (await openTab(context, base())).page
    const one = (await openTab(context, `${base()}/tasks/${id}`)).page
    await live(list)
    await live(one)
    await list.locator(`a[href="/tasks/${id}"]`).waitFor()
    gate.resolve()
    for (const page of [list, one]) {
      const said = '#announcer:text-is("scripted failed: The mailbox is full")'
      await page.locator(said).waitFor({ state: 'attached' })
    }
  })
})
