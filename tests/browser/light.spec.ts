import { test } from '@japa/runner'
import db from '@adonisjs/lucid/services/db'
import { randomUUID } from 'node:crypto'
import { live, openTab } from '#tests/helpers/browser'
import { startScript } from '#tests/helpers/scripted'
import { ServerProcess } from '#tests/helpers/server_process'
import {
  cpuOfTasks,
  framesDuring,
  heapSize,
  percentile,
  slopeOf,
} from '#tests/helpers/browser_load'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
/** Bytes over the wire, everything together. */
const BUDGET = 60_000
/** Milliseconds. */
const LONG_TASK = 50
/** Of the heap in a minute, and bytes a second by which it may seem to grow. */
const SAMPLES = 6
const STEEPEST = 10_000

test.group('The weight of the page', () => {
  test('is below 60 KB over the wire, and nothing is sent twice', async (context) => {
    const { assert } = context
    const id = await startScript(async () => {})
    const { page } = await openTab(context, 'about:blank')
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    let bytes = 0
    // The page itself, not what it shows: that is as much as there are tasks.
    const requests = new Set<string>()
    network.on('Network.requestWillBeSent', ({ requestId, type = '' }) => {
      if (['Document', 'Stylesheet', 'Script', 'Image'].includes(type)) requests.add(requestId)
    })
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (requests.has(requestId)) bytes += encodedDataLength
    })
    await page.goto(base())
    await live(page)
    await page.locator('#start:enabled').waitFor()
    await page.goto(`${base()}/tasks/${id}`)
    await page.locator('#freshness[data-state=final]').waitFor()
    await page.waitForLoadState('networkidle')
    assert.isAbove(bytes, 10_000)
    assert.isBelow(bytes, BUDGET)
    process.stdout.write(`${bytes} bytes, list and task together\n`)

    const before = bytes
    await page.reload()
    await page.locator('#freshness[data-state=final]').waitFor()
    assert.isBelow(bytes - before, 10_000)
  })

  test('its parts may be kept for ever under an address that changes with them', async ({
    assert,
  }) => {
    const html = await fetch(base()).then((answer) => answer.text())
    const path = /src="(\/page\/[0-9a-f]+\/list_main\.js)"/.exec(html)?.[1]
    const script = await fetch(`${base()}${path}`)
    assert.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.equal(script.headers.get('content-encoding'), 'gzip')
    const plain = await fetch(`${base()}${path}`, { headers: { 'accept-encoding': 'identity' } })
    assert.isNull(plain.headers.get('content-encoding'))
    assert.equal(await plain.text(), await script.text())
    const old = await fetch(`${base()}/page/000000000000/list_main.js`)
    assert.equal(old.headers.get('cache-control'), 'no-cache')
    for (const name of ['none.js', '..%2Fassets.ts', '%2e%2e%2flayout.ts']) {
      const answer = await fetch(`${base()}/page/0/${name}`)
      assert.equal(answer.status, 404)
    }
  })
})

test.group('The policy of the page', () => {
  test('allows nothing inline and nothing foreign, and the browser keeps to it', async (context) => {
    const { assert } = context
    const policy = (await fetch(base())).headers.get('content-security-policy') ?? ''
    assert.include(policy, "default-src 'none'")
    assert.include(policy, "script-src 'self'")
    assert.notMatch(policy, /unsafe|nonce|https?:|\*/)
    const { page, problems } = await openTab(context, base())
    await live(page)
    assert.deepEqual(problems, [])
    await page
      .evaluate(
        "document.body.setAttribute('onclick', 'window.broken = true'); document.body.click()"
      )
      .catch(() => {})
    assert.isFalse(await page.evaluate("'broken' in window"))
    assert.isNotEmpty(problems.splice(0))
  })
})

test.group('Many tasks', () => {
  test('10,000 tasks scroll with few rows and short tasks of the main thread', async (context) => {
    const { assert, cleanup } = context
    const type = `many-${randomUUID()}`
    const at = Date.now()
    const rows = Array.from({ length: 10_000 }, (_, index) => {
      const time = new Date(at - index * 1000).toISOString()
      // The first few seem to run, in no runner that is there.
      const end =
        index < 500
          ? { status: 'processing', progress: 40 }
          : { status: 'completed', progress: 100, finished_at: time }
      const times = { created_at: time, started_at: time, updated_at: time, finished_at: null }
      const id = randomUUID()
      const state = { version: 3, claim: 1, attempt: 1 }
      return { id, owner: 'local', type, input: '{}', fingerprint: id, ...state, ...times, ...end }
    })
    for (let from = 0; from < rows.length; from += 500) {
      await db.table('tasks').multiInsert(rows.slice(from, from + 500))
    }
    cleanup(async () => {
      await db.from('tasks').where('type', type).delete()
    })

    const { page } = await openTab(context, `${base()}/?type=${type}`)
    await live(page)
    const stop = await cpuOfTasks(page)
    const list = page.locator('#tasks')
    const scrollDown = () => page.evaluate('scrollTo(0, document.body.scrollHeight)')
    while ((await list.getAttribute('aria-rowcount')) !== '10001') {
      await scrollDown()
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
    }
    await scrollDown()
    const oldest = rows.at(-1)?.id
    await page.locator(`a[href="/tasks/${oldest}"]`).waitFor()
    const tasks = await stop()
    assert.isBelow(await page.locator('.row').count(), 60)
    assert.isBelow(percentile(tasks, 95), LONG_TASK)

    const calm = percentile(await framesDuring(page, () => page.waitForTimeout(1500)), 95)
    const stopScrolling = await cpuOfTasks(page)
    await page.mouse.move(600, 400)
    const frames = await framesDuring(page, async () => {
      for (let turn = 0; turn < 300; turn++) await page.mouse.wheel(0, turn % 3 === 0 ? 400 : -900)
    })
    const work = percentile(await stopScrolling(), 95)
    const p95 = percentile(frames, 95)
    const figures = `${frames.length} frames while 10,000 tasks scroll: p95 ${p95.toFixed(1)} ms (${calm.toFixed(1)} at rest), tasks p95 ${work.toFixed(1)} ms CPU`
    assert.isAbove(frames.length, 60, figures)
    // By the clock in comparison only: the machine has other work, too.
    assert.isBelow(p95, Math.max(2.5 * calm, 2 * LONG_TASK), figures)
    assert.isBelow(work, LONG_TASK, figures)
    process.stdout.write(`${figures}\n`)
  }).timeout(120_000)

  test('500 live tasks for 60 s: short tasks of the main thread, and a heap that stays flat', async (context) => {
    const { assert, cleanup } = context
    const server = await ServerProcess.start({ TASK_CONCURRENCY: '500' })
    cleanup(() => server.dispose())
    const headers = { 'Content-Type': 'application/json' }
    const body = JSON.stringify({ type: 'simulate', input: { steps: 1_000_000, stepMs: 500 } })
    for (let made = 0; made < 500; made++) {
      await fetch(`${server.url}/tasks`, { method: 'POST', headers, body })
    }
    const { page } = await openTab(context, server.url)
    await page.locator('[data-count=processing]:text-is("500")').waitFor()
    await page.evaluate(`
      window.longTasks = []
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longTasks.push(duration)
      }).observe({ type: 'longtask' })
    `)
    const stop = await cpuOfTasks(page)
    const heap = [await heapSize(page)]
    for (let sample = 1; sample <= SAMPLES; sample++) {
      // The time that is measured, nothing that is waited for.
      await page.waitForTimeout(60_000 / SAMPLES)
      heap.push(await heapSize(page))
    }
    const tasks = await stop()
    await live(page)

    // The browser tells of those only that took more than 50 ms by the clock.
    const longTasks = await page.evaluate<number[]>('window.longTasks')
    const byClock = [...tasks.slice(longTasks.length).map(() => 0), ...longTasks]
    const slope = slopeOf(heap.slice(1)) / (60 / SAMPLES)
    const figures = `${tasks.length} tasks, p95 ${percentile(tasks, 95).toFixed(1)} ms CPU, longest ${Math.max(...tasks).toFixed(1)} ms; ${longTasks.length} long by the clock; heap ${heap.join(', ')}: ${Math.round(slope)} B/s`
    assert.isAbove(tasks.length, 100, figures)
    assert.isBelow(percentile(tasks, 95), LONG_TASK, figures)
    assert.isBelow(percentile(byClock, 95), LONG_TASK, figures)
    assert.isBelow(slope, STEEPEST, figures)
    assert.isBelow(Math.max(...heap) - Math.min(...heap), 1_500_000, figures)
    process.stdout.write(`${figures}\n`)
  }).timeout(180_000)
})
