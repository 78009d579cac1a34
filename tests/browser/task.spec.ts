import { test } from '@japa/runner'
import { setTimeout } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { live, openTab } from '#tests/helpers/browser'
import { deferred, endOf, until } from '#tests/helpers/waiting'
import { Patient, Persistent, Scripted, startScript, theEngine } from '#tests/helpers/scripted'
import { TaskError } from '#engine/errors'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const evil = '</script><img src=x onerror=alert(1)>'

async function start(type: string, input: object, file?: File): Promise<string> {
  const body = new FormData()
  body.append('type', type)
  body.append('input', JSON.stringify(input))
  if (file) body.append('file', file)
  const answer = await fetch(`${base()}/tasks`, { method: 'POST', body })
  return ((await answer.json()) as { id: string }).id
}

/** Two attempts, hardly a pause between them. */
class Again extends Scripted {
  static type = 'again'
  static attempts = 2
  static backoff = { first: '20ms', longest: '20ms' }
}

test.group('The page of a task', () => {
  test('cancels it', async (context) => {
    const { assert } = context
    const gate = deferred()
    const id = await startScript(async (task) => {
      task.progress(10)
      task.signal.addEventListener('abort', () => gate.resolve())
      await gate.promise
      task.signal.throwIfAborted()
    })
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await live(page)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('#task[data-status=cancelled]').waitFor()
    assert.equal((await endOf(id)).snapshot.status, 'cancelled')
    await page.locator('#timeline :text("cancel asked for")').waitFor()
    assert.equal(await page.locator('#freshness').textContent(), 'final')
    assert.isFalse(await page.getByRole('button', { name: 'Cancel' }).isVisible())
  })

  test('shows why it failed, escaped, with the attempts that it took; retrying leads to a new task', async (context) => {
    const { assert } = context
    const id = await startScript(
      async (task) => {
        task.progress(30, evil)
        throw new TaskError('no-luck', evil)
      },
      undefined,
      Persistent
    )
    await endOf(id)
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await page.locator('#task[data-status=failed]').waitFor()
    assert.equal(await page.locator('#failure').innerText(), `no-luck ${evil}`)
    assert.equal(await page.locator('#task img').count(), 0)
    assert.equal(await page.locator('[data-figure=attempt] dd').textContent(), '3 of 3')
    assert.equal(await page.locator('#timeline :text-matches("^attempt \\\\d$")').count(), 3)

    await page.getByRole('button', { name: 'Retry' }).click()
    await page.waitForURL((url) => url.pathname.startsWith('/tasks/') && !url.href.includes(id))
    await page.locator(`a[href="/tasks/${id}"]`).waitFor()
  })

  test('tells of each attempt when it began, how long it took and why it failed, also when it is opened late', async (context) => {
    const { assert } = context
    const { types } = await theEngine()
    if (!types.find(Again.type)) types.add(Again, import.meta.filename)
    const id = await startScript(
      async (task) => {
        await setTimeout(1200)
        task.log.info(`this is ${task.attempt}`)
        if (task.attempt === 1) throw new TaskError('no-paper', 'The tray is empty')
      },
      undefined,
      Again
    )
    const { snapshot } = await endOf(id)
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    const first = page.locator('#timeline li', { hasText: 'attempt 1' })
    await first.getByText('failed after 1').waitFor()
    assert.equal(await first.locator('.reason').textContent(), 'The tray is empty.')
    const began = Date.parse((await first.locator('time').getAttribute('datetime')) ?? '')
    assert.approximately(began, Date.parse(snapshot.createdAt), 500)
    const second = page.locator('#timeline li', { hasText: 'attempt 2' })
    assert.match((await second.textContent()) ?? '', /took 1/)
    assert.equal(await page.locator('[data-figure=elapsed] dt').textContent(), 'Last attempt')
    const text = (await page.locator('#log').textContent()) ?? ''
    assert.match(text, /empty\. The next one begins in [\d.]+ s\./)
    await page.locator('#expected:text("only start and end are known")').waitFor()
  })

  test('waits for its next attempt with a countdown, not with a failure', async (context) => {
    const { assert } = context
    const id = await startScript(() => Promise.reject(new Error('no luck')), undefined, Patient)
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await page.locator('#aside:has-text("Tries again in ")').waitFor()
    assert.equal(await page.locator('#task').getAttribute('data-status'), 'queued')
    assert.include(await page.locator('#failure').innerText(), 'no luck')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('#task[data-status=cancelled]').waitFor()
    await page.locator('#aside:empty').waitFor({ state: 'attached' })
  })

  test('draws what was before it was opened', async (context) => {
    const { assert } = context
    const gate = deferred()
    const isThere = deferred()
    const id = await startScript(async (task) => {
      task.progress(5)
      await setTimeout(600)
      task.progress(60)
      await setTimeout(600)
      task.progress(62)
      isThere.resolve()
      await gate.promise
    })
    await isThere.promise
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await live(page)
    await page.locator('#plot .line[d*="L"]').waitFor({ state: 'attached' })
    // A straight line from nothing to 62 % would have two points.
    const points = (await page.locator('#plot .line').getAttribute('d'))?.split('L') ?? []
    assert.isAbove(points.length, 10)
    assert.equal(await page.locator('#plot .before').getAttribute('d'), '')
    gate.resolve()
    await page.locator('#task[data-status=completed]').waitFor()
  })

  test('shows its log, live and escaped, and all of it after the end', async (context) => {
    const { assert } = context
    const steps = [deferred(), deferred()]
    const id = await startScript(async (task) => {
      for (let line = 1; line <= 250; line++) task.log.info(`line ${line}`)
      await steps[0]?.promise
      task.log.warn(evil)
      await steps[1]?.promise
      task.log.info('the last one')
    })
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    const log = page.getByRole('log', { name: 'Log' })
    await log.getByText('line 250', { exact: true }).waitFor()
    steps[0]?.resolve()
    await log.locator('p[data-level=warn]', { hasText: evil }).waitFor()
    assert.equal(await page.locator('img').count(), 0)
    steps[1]?.resolve()
    await log.getByText('the last one').waitFor()
    assert.equal(await log.locator('p').count(), 252)
    assert.equal(await page.locator('#task').getAttribute('data-status'), 'completed')
  })

  test('offers a result that is a file for download', async (context) => {
    const { assert } = context
    const file = new File(['name,city\nAda,London\n'], 'people.csv')
    const dataset = `péople ${randomUUID()}`
    await endOf(await start('import-csv', { dataset }, file))
    const id = await start('export-dataset', { dataset })
    await endOf(id)
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    const name = /^Download .+csv \(\d+\sB\)$/
    const link = page.getByRole('link', { name })
    const download = page.waitForEvent('download')
    await link.click()
    const content = await readFile(await (await download).path(), 'utf8')
    assert.include(content, 'Ada,London')
    const plain = await openTab(context, `${base()}/tasks/${id}`, { javaScriptEnabled: false })
    assert.isTrue(await plain.page.getByRole('link', { name }).isVisible())
  })

  test('deletes it, but asks before', async (context) => {
    const { assert } = context
    const id = await startScript(async () => {})
    await endOf(id)
    const url = `${base()}/tasks/${id}`
    const { page } = await openTab(context, url)
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    assert.equal((await fetch(url)).status, 200)

    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(`${base()}/`)
    assert.equal((await fetch(url)).status, 410)
    await page.goto(url)
    await page.getByRole('heading', { name: 'Gone' }).waitFor()
  })

  test('draws progress over time, with where it is expected to end', async (context) => {
    const { assert } = context
    const id = await start('simulate', { steps: 1000, stepMs: 20 })
    const { page } = await openTab(context, `${base()}/tasks/${id}`)
    await page.locator('#plot .band[d^="M"]').waitFor({ state: 'attached' })
    const label = await page.locator('#plot svg').getAttribute('aria-label')
    assert.match(label ?? '', /^\d+% after .+; expected \d\d:\d\d/)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('#task[data-status=cancelled]').waitFor()
  })

  test('is of use without JavaScript: the state, a bar, and a new look while it lives', async (context) => {
    const { assert } = context
    const gate = deferred()
    const id = await startScript(async (task) => {
      task.progress(35, evil)
      await gate.promise
      return { text: evil }
    })
    const url = `${base()}/tasks/${id}`
    const { page } = await openTab(context, url, { javaScriptEnabled: false })
    await page.locator('progress[value="35"]').waitFor()
    assert.equal(await page.locator('#timeline :text("attempt 1")').count(), 1)
    const elapsed = page.locator('[data-figure=elapsed] dd')
    const before = await elapsed.textContent()
    // Nothing has happened to the task, but time goes on.
    await until(async () => (await elapsed.textContent().catch(() => before)) !== before)
    assert.include(await page.locator('.now').innerText(), evil)
    assert.equal(await page.locator('img').count(), 0)
    gate.resolve()
    // No script runs, so it is the page that looks again by itself.
    await page.locator('progress[value="100"]').waitFor()
    assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 0)
    assert.include(await page.locator('#result').innerText(), 'onerror')
  })

  test('is one form of the task: negotiated, with an ETag of its own', async ({ assert }) => {
    const id = await startScript(async () => {})
    await endOf(id)
    const get = (headers: Record<string, string>) => fetch(`${base()}/tasks/${id}`, { headers })
    const html = await get({ accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    const json = await get({ accept: '*/*' })
    assert.match(html.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(json.headers.get('content-type') ?? '', /^application\/json/)
    assert.match(html.headers.get('vary') ?? '', /Accept/i)
    const etag = html.headers.get('etag') ?? ''
    assert.notEqual(etag, json.headers.get('etag'))
    assert.equal((await get({ 'accept': 'text/html', 'if-none-match': etag })).status, 304)
    assert.equal((await get({ 'accept': '*/*', 'if-none-match': etag })).status, 200)

    const missing = `${base()}/tasks/00000000-0000-4000-8000-000000000000`
    const page = await fetch(missing, { headers: { accept: 'text/html' } })
    assert.equal(page.status, 404)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.match((await fetch(missing)).headers.get('content-type') ?? '', /problem\+json/)
  })
})
