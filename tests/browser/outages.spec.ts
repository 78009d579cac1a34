import { test } from '@japa/runner'
import type { Page } from 'playwright-core'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { startScript } from '#tests/helpers/scripted'
import { ServerProcess } from '#tests/helpers/server_process'
import { live, noReload, openTab } from '#tests/helpers/browser'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

async function start(url: string, input: object): Promise<string> {
  const headers = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ type: 'simulate', input })
  const answer = await fetch(`${url}/tasks`, { method: 'POST', headers, body })
  return ((await answer.json()) as { id: string }).id
}

const row = (page: Page, id: string) => page.locator(`.row:has(a[href="/tasks/${id}"])`)

test.group('A page whose line is lost', () => {
  test('ends on the truth when the server is killed and started again, with no reload', async (context) => {
    const { assert, cleanup } = context
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '1' })
    cleanup(() => server.dispose())
    const running = await start(server.url, { steps: 1000, stepMs: 100 })
    const waiting = await start(server.url, { steps: 2, stepMs: 1 })
    const list = (await openTab(context, server.url)).page
    const one = (await openTab(context, `${server.url}/tasks/${running}`)).page
    await live(list)
    await live(one)
    await row(list, waiting).locator('.status:text("queued")').waitFor()
    await one.locator('#percent:not(:text-is("0%")):not(:empty)').waitFor()
    const same = [await noReload(list), await noReload(one)]

    await server.kill('SIGKILL')
    for (const page of [list, one]) {
      await page
        .locator('#freshness:text-matches("stale since \\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d")')
        .waitFor()
      assert.equal(await page.locator('body').getAttribute('data-freshness'), 'stale')
    }
    await server.restart()

    await one.locator('#task[data-status=failed]').waitFor()
    assert.include(await one.locator('#failure').textContent(), 'interrupted')
    await row(list, running).locator('.status:text("failed")').waitFor()
    await row(list, waiting).locator('.status:text("completed")').waitFor()
    assert.equal(await row(list, waiting).locator('.percent').textContent(), '100%')
    await live(list)
    assert.deepEqual(await Promise.all(same.map((check) => check())), [true, true])
  })

  test('goes offline and comes back: what happened meanwhile is there', async (context) => {
    const { assert } = context
    const gate = deferred()
    const id = await startScript(async (task) => {
      task.progress(40, 'before')
      await gate.promise
    })
    const list = (await openTab(context, base())).page
    const one = (await openTab(context, `${base()}/tasks/${id}`)).page
    await one.locator('#percent:text("40%")').waitFor()
    await row(list, id).locator('.percent:text("40%")').waitFor()
    const same = [await noReload(list), await noReload(one)]

    for (const page of [list, one]) {
      await page.context().setOffline(true)
      await page.locator('#freshness[data-state=stale]').waitFor()
    }
    gate.resolve()
    for (const page of [list, one]) await page.context().setOffline(false)
    await one.locator('#task[data-status=completed]').waitFor()
    await row(list, id).locator('.status:text("completed")').waitFor()
    await live(list)
    assert.deepEqual(await Promise.all(same.map((check) => check())), [true, true])
  })

  test('finds out what ended meanwhile, also where it is not among what is told first', async (context) => {
    const { assert } = context
    const gate = deferred()
    const id = await startScript(() => gate.promise)
    const { page } = await openTab(context, base())
    await row(page, id).locator('.status:text("processing")').waitFor()
    await page.context().setOffline(true)
    await page.locator('#freshness[data-state=stale]').waitFor()
    gate.resolve()
    // More than the server tells of the most recent ones.
    const later = await Promise.all(Array.from({ length: 60 }, () => startScript(async () => {})))
    await page.context().setOffline(false)
    await page.getByPlaceholder('Find by id').fill(id.slice(0, 13))
    await row(page, id).locator('.status:text("completed")').waitFor()
    assert.lengthOf(later, 60)
  })
})

test.group('A list after an outage', () => {
  test('has what began and ended meanwhile, however much that was', async (context) => {
    const { assert } = context
    await startScript(async () => {})
    const { page } = await openTab(context, base())
    await live(page)
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    await page.context().setOffline(true)
    await page.locator('#freshness[data-state=stale]').waitFor()
    const missed: string[] = []
    for (let made = 0; made < 150; made++) missed.push(await startScript(async () => {}))
    await endOf(missed.at(-1) ?? '')
    await page.context().setOffline(false)
    for (const id of [missed[0], missed[70], missed[149]]) {
      // By its beginning: a whole id would be looked up by itself.
      await page.getByPlaceholder('Find by id').fill(id?.slice(0, 20) ?? '')
      await row(page, id ?? '').waitFor()
    }
    assert.lengthOf(missed, 150)
  }).timeout(60_000)

  test('no longer has what was deleted meanwhile', async (context) => {
    const ids = await Promise.all([0, 1, 2].map(() => startScript(async () => {})))
    await Promise.all(ids.map((id) => endOf(id)))
    const [kept = '', deleted = '', last = ''] = ids
    const { page } = await openTab(context, base())
    await row(page, deleted).waitFor()
    await page.context().setOffline(true)
    await page.locator('#freshness[data-state=stale]').waitFor()
    for (const id of [deleted, last]) await fetch(`${base()}/tasks/${id}`, { method: 'DELETE' })
    await page.context().setOffline(false)
    await row(page, deleted).waitFor({ state: 'detached' })
    await row(page, last).waitFor({ state: 'detached' })
    await row(page, kept).waitFor()
  })
})

test.group('What may be old', () => {
  test('stands still, whatever is done with the list, and the tab says so', async (context) => {
    const { assert, cleanup } = context
    const gate = deferred()
    cleanup(() => gate.resolve())
    const id = await startScript(async (task) => {
      task.progress(40)
      await gate.promise
    })
    const { page } = await openTab(context, base())
    const elapsed = row(page, id).locator('.elapsed')
    await row(page, id).locator('.percent:text("40%")').waitFor()
    await page.context().setOffline(true)
    await page.locator('#freshness[data-state=stale]').waitFor()
    assert.match(await page.title(), /^stale: /)
    const frozen = await elapsed.textContent()
    // Time goes on outside, which is what is measured.
    await page.waitForTimeout(2100)
    await page.getByPlaceholder('Find by id').fill(id.slice(0, 6))
    await page.getByPlaceholder('Find by id').fill(id.slice(0, 13))
    assert.equal(await elapsed.textContent(), frozen)
    await page.context().setOffline(false)
    await live(page)
    assert.notMatch(await page.title(), /^stale: /)
  })
})

test.group('Two tabs', () => {
  test('agree, step by step', async (context) => {
    const { assert } = context
    const steps = [deferred(), deferred(), deferred()]
    const id = await startScript(async (task) => {
      for (const [index, step] of steps.entries()) {
        task.progress((index + 1) * 20, `step ${index + 1}`)
        await step.promise
      }
    })
    const url = `${base()}/tasks/${id}`
    const pages = [(await openTab(context, url)).page, (await openTab(context, url)).page]
    const seen = () => Promise.all(pages.map((page) => page.locator('.now').innerText()))
    for (const [index, step] of steps.entries()) {
      const percent = `${(index + 1) * 20}%`
      for (const page of pages) {
        await page.locator(`#percent:text-is("${percent}")`).waitFor()
        await page.locator(`#message:text-is("step ${index + 1}")`).waitFor()
        await until(async () => (await page.title()).startsWith(percent))
      }
      step.resolve()
    }
    for (const page of pages) await page.locator('#task[data-status=completed]').waitFor()
    const [one, other] = await seen()
    assert.equal(one, other)
  })
})
