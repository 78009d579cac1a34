import vine from '@vinejs/vine'
import { test } from '@japa/runner'
import type { Page } from 'playwright-core'
import { LongTask } from '#engine/long_task'
import { TaskError } from '#engine/errors'
import { endOf } from '#tests/helpers/waiting'
import { live, openTab } from '#tests/helpers/browser'
import { Patient, Scripted, startScript, theEngine } from '#tests/helpers/scripted'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const size = { viewport: { width: 1280, height: 760 } }

/** Works off so many pieces at about an even pace, or fails on the way. */
class Work extends LongTask<typeof Work.input> {
  static type = 'work'
  static description = 'For the pictures'
  static input = vine.create({
    total: vine.number(),
    unit: vine.string(),
    from: vine.number(),
    perTick: vine.number(),
    message: vine.string(),
    failsWith: vine.string().optional(),
  })

  async run() {
    const { total, from, unit, perTick, message, failsWith } = this.input
    for (let current = from, tick = 0; current < total; tick++) {
      current = Math.min(total, current + Math.round(perTick * (1 + Math.sin(tick / 9) / 2)))
      this.report({ current, total, unit, message, progress: (current / total) * 100 })
      this.log.info(`${message}: ${current} ${unit}`)
      if (failsWith && current > total * 0.6) throw new TaskError('mail-refused', failsWith)
      await this.sleep(100)
    }
    return { [unit]: total }
  }
}

const scan = class extends Scripted {
  static type = 'scan-archive'
}
/** Waits for its next attempt. */
const archive = class extends Patient {
  static type = 'pack-archive'
}
const types = [
  'resize-images',
  'export-orders',
  'send-newsletter',
  'rebuild-index',
  'import-people',
]

async function start(type: string, input: object): Promise<string> {
  const engine = await theEngine()
  const { task } = await engine.start({ owner: 'local', type, input })
  return task.cut.id
}

/** What an afternoon leaves. Gives the task that is shown by itself. */
async function afternoon(): Promise<string> {
  const engine = await theEngine()
  for (const type of types) {
    const named = { [type]: class extends Work {} }[type]
    if (named && !engine.types.find(type)) {
      engine.types.add(Object.assign(named, { type }), import.meta.filename)
    }
  }
  for (const type of [scan, archive]) {
    if (!engine.types.find(type.type)) engine.types.add(type, import.meta.filename)
  }
  const done = { unit: 'images', from: 0, perTick: 900 }
  const message = 'Thumbnails of the spring catalogue'
  const ended = [1204, 310, 8800].map((total) =>
    start('resize-images', { ...done, total, message })
  )
  ended.push(
    start('send-newsletter', {
      ...{ total: 5200, unit: 'mails', from: 0, perTick: 1400, message: 'May issue' },
      failsWith: 'The mail server refused the sender address',
    })
  )
  for (const id of ended) await endOf(await id)
  const shown = await start('import-people', {
    ...{ total: 90_000, unit: 'rows', from: 0, perTick: 380, message: 'people-2026.csv' },
  })
  const orders = { from: 0, message: 'Orders of the first quarter', unit: 'orders' }
  await start('export-orders', { ...orders, total: 42_000, perTick: 90 })
  const mails = { from: 0, message: 'June issue, second group', unit: 'mails' }
  await start('send-newsletter', { ...mails, total: 900, perTick: 7 })
  await startScript(
    (task) =>
      new Promise((_, stop) => {
        task.report({ message: 'Waiting for the scanner' })
        task.signal.addEventListener('abort', stop)
      }),
    undefined,
    scan
  )
  await start('rebuild-index', {
    ...mails,
    total: 6400,
    perTick: 9,
    unit: 'pages',
    message: 'docs',
  })
  await start('resize-images', { ...done, total: 2400, perTick: 14, message: 'Portraits' })
  await startScript(() => Promise.reject(new Error('The archive is locked')), undefined, archive)
  return shown
}

const picture = (page: Page, name: string) =>
  page.screenshot({ path: `docs/${name}.png`, animations: 'disabled' })

// Only when asked to: they are files of the repository, and no two runs give the same ones.
if (process.env.SCREENSHOTS) {
  test('takes the pictures for the README', async (context) => {
    const id = await afternoon()
    const task = (await openTab(context, `${base()}/tasks/${id}`, size)).page
    const list = (await openTab(context, base(), size)).page
    const dark = (await openTab(context, base(), { ...size, colorScheme: 'dark' })).page
    const narrow = { viewport: { width: 320, height: 700 }, deviceScaleFactor: 2 }
    const phone = (await openTab(context, base(), narrow)).page
    for (const page of [task, list, dark, phone]) await live(page)
    await task.locator('#percent:text-matches("^4\\\\d%")').waitFor()
    await picture(list, 'list')
    await picture(dark, 'dark')
    await picture(phone, 'phone')
    await task.locator('#percent:text-matches("^6\\\\d%")').waitFor()
    await picture(task, 'task')
    const engine = await theEngine()
    for (const { cut } of await engine.list({ owner: 'local', limit: 100 })) {
      await engine.cancel(cut.id, 'local')
    }
  })
}
