import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import db from '@adonisjs/lucid/services/db'
import { setTimeout } from 'node:timers/promises'
import { deferred } from '#tests/helpers/waiting'
import { live, openTab } from '#tests/helpers/browser'
import { Scripted, startScript, theEngine } from '#tests/helpers/scripted'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const widths = [320, 420, 500, 720, 800, 1020, 1280]
const ended = { status: 'completed', version: 3, claim: 1, attempt: 1 }

/** As long as a name may be expected to be. */
class LongNamed extends Scripted {
  static type = 'rebuild-the-search-index-of-all-customers'
}

/** Puts rows of tasks straight into the table; gives the way to remove them. */
async function insert(count: number, state: object): Promise<() => Promise<void>> {
  const type = `many-${randomUUID()}`
  const at = new Date().toISOString()
  const rows = Array.from({ length: count }, () => {
    const id = randomUUID()
    const times = { created_at: at, updated_at: at }
    return { id, owner: 'local', type, input: '{}', fingerprint: id, ...times, ...state }
  })
  for (let from = 0; from < count; from += 500) {
    await db.table('tasks').multiInsert(rows.slice(from, from + 500))
  }
  return async () => void (await db.from('tasks').where('type', type).delete())
}

/** What sticks out of a row, in the page. */
const stickingOut = `[...document.querySelectorAll('.row')].flatMap((row) => {
  const outer = row.getBoundingClientRect()
  const isOver = row.scrollHeight > row.clientHeight || row.scrollWidth > row.clientWidth
  const cells = [...row.querySelectorAll('.cell')].filter((cell) => {
    const { bottom, right } = cell.getBoundingClientRect()
    return bottom > outer.bottom + 0.5 || right > outer.right + 0.5
  })
  return [...(isOver ? ['row'] : []), ...cells.map(({ className }) => className)]
})`

/** What lies over something else in a row, in the page. */
const overlaps = `(row) => {
  const parts = '.type, .message, progress, .percent, .amount, .cell > span:not(.name):not(:empty)'
  const boxes = [...row.querySelectorAll(parts)]
    .map((node) => [node.className || node.parentElement.className, node.getBoundingClientRect()])
    .filter(([, { width }]) => width > 0)
  return boxes.flatMap(([one, a], index) =>
    boxes.slice(index + 1)
      .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1)
      .filter(([, b]) => a.top < b.bottom - 1 && b.top < a.bottom - 1)
      .map(([other]) => one + ' over ' + other)
  )
}`

test.group('The list', () => {
  test('shows all of a task at every width, and cuts what is too long', async (context) => {
    const { assert, cleanup } = context
    const { types } = await theEngine()
    if (!types.find(LongNamed.type)) types.add(LongNamed, import.meta.filename)
    const gate = deferred()
    cleanup(() => gate.resolve())
    const id = await startScript(
      async (task) => {
        const large = { total: 9_876_543_210_987, unit: 'measurements' }
        task.report({ ...large, current: 1, progress: 1, message: 'people and places '.repeat(12) })
        await setTimeout(400)
        task.report({ ...large, current: 1_234_567_890_123, progress: 12.5 })
        await gate.promise
      },
      undefined,
      LongNamed
    )
    const { page } = await openTab(context, base())
    const selector = `.row:has(a[href="/tasks/${id}"])`
    const row = page.locator(selector)
    await row.locator('.percent:text("12%")').waitFor()
    const figures = ['rate', 'eta', 'elapsed', 'attempt'].map((name) => `.cell.${name} span`)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 700 })
      const name = `at ${width} px`
      for (const part of ['.type', '.message', 'progress', '.percent', '.status', ...figures]) {
        assert.isTrue(await row.locator(part).isVisible(), `${part} ${name}`)
      }
      assert.deepEqual(await page.evaluate(stickingOut), [], name)
      const over = `(${overlaps})(document.querySelector(${JSON.stringify(selector)}))`
      assert.deepEqual(await page.evaluate(over), [], name)
    }
    const title = await row.locator('.message').getAttribute('title')
    assert.isAbove(title?.length ?? 0, 200)
  })

  test('counts all that wait, however many', async (context) => {
    // Their next attempt is far away, so that nobody runs them.
    const next = new Date(Date.now() + 3_600_000).toISOString()
    const waiting = { ...ended, status: 'queued', max_attempts: 3, next_attempt_at: next }
    context.cleanup(await insert(1200, waiting))
    const { page } = await openTab(context, `${base()}/?status=queued`)
    await live(page)
    const count = page.locator('[data-count=queued]')
    await count.getByText(/^1,2\d\d$/).waitFor()
  }).timeout(60_000)

  test('says that it searches, then that nothing matches, and clears its filters', async (context) => {
    const { assert } = context
    context.cleanup(await insert(400, ended))
    const { page } = await openTab(context, base())
    await live(page)
    await page.evaluate(`
      const empty = document.querySelector('#empty')
      const all = { attributes: true, childList: true, subtree: true }
      window.said = []
      new MutationObserver(() => empty.hidden || said.push(empty.innerText)).observe(empty, all)
    `)
    await page.getByPlaceholder('Find by id').fill('00000000-0000')
    await page.getByText('No task matches.').waitFor()
    assert.equal(await page.evaluate('said[0]'), 'Searching …')
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.locator('.row').first().waitFor()
    assert.equal(await page.getByPlaceholder('Find by id').inputValue(), '')
  })

  test('asks for older tasks only when they are wanted, and not before it was told the newest', async (context) => {
    const { assert } = context
    context.cleanup(await insert(200, ended))
    const { page } = await openTab(context, 'about:blank')
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/tasks?')) asked.push(new URL(request.url()).search)
    })
    await page.goto(base())
    await live(page)
    await page.locator('.row').nth(10).waitFor()
    assert.deepEqual(asked, [])
    const answer = page.waitForResponse((response) => response.url().includes('limit=30'))
    await page.mouse.move(400, 400)
    await page.mouse.wheel(0, 10_000)
    assert.equal((await answer).status(), 200)
  })
})
