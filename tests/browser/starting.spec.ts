import vine from '@vinejs/vine'
import { test } from '@japa/runner'
import { LongTask } from '#engine/long_task'
import { live, openTab } from '#tests/helpers/browser'
import { endOf, until } from '#tests/helpers/waiting'
import { Proxy } from '#tests/helpers/proxy'
import { theEngine } from '#tests/helpers/scripted'
import { ServerProcess } from '#tests/helpers/server_process'

/** Gives back what it was started with. */
class EveryKind extends LongTask<typeof EveryKind.input> {
  static type = 'every-kind'
  static description = 'Has a field of every kind'
  static input = vine.create({
    text: vine.string(),
    whole: vine.number().withoutDecimals(),
    ratio: vine.number(),
    isOn: vine.boolean(),
    color: vine.enum(['red', 'green']),
    tags: vine.array(vine.string()),
    isFast: vine.boolean({ strict: true }).optional(),
    isLoud: vine.boolean({ strict: true }).optional(),
    unused: vine.string().optional(),
  })

  async run() {
    return this.input
  }
}

const base = () => `http://${process.env.HOST}:${process.env.PORT}`
const csv = Buffer.from(`name,city\n${'Ada,London\n'.repeat(20_000)}`)

test.group('The form', () => {
  test('uploads a file, leads to the task, and shows it reach 100', async (context) => {
    const { assert } = context
    const { page } = await openTab(context, base())
    await page.getByRole('button', { name: 'Start a task' }).first().click()
    await page.getByLabel('Type', { exact: true }).last().selectOption('import-csv')
    await page.getByLabel('Dataset', { exact: true }).fill('from the form')
    const file = { name: '<b>people<b>.csv', mimeType: 'text/csv', buffer: csv }
    await page.getByLabel('File', { exact: true }).setInputFiles(file)
    await page.getByRole('button', { name: 'Start', exact: true }).click()

    await page.waitForURL(/\/tasks\/[0-9a-f-]{36}$/)
    await page.locator('#task[data-status=completed]').waitFor()
    assert.equal(await page.locator('#percent').textContent(), '100%')
    assert.equal(await page.locator('#progress').getAttribute('value'), '100')
    assert.match(await page.title(), /^completed import-csv/)
    // It is fetched once the task is completed.
    await page.locator('#result', { hasText: '"rows": 20000' }).waitFor()
    assert.include(await page.locator('#input-panel').textContent(), '<b>people<b>.csv')
    assert.equal(await page.locator('#input-panel b').count(), 0)
  })

  test('shows how much of a large file is sent, and a closed form sends no more', async (context) => {
    const { assert } = context
    const { page } = await openTab(context, base())
    const network = await page.context().newCDPSession(page)
    await page.getByRole('button', { name: 'Start a task' }).first().click()
    await page.getByLabel('Type', { exact: true }).last().selectOption('import-csv')
    await page.getByLabel('Dataset', { exact: true }).fill('never whole')
    const file = { name: 'big.csv', mimeType: 'text/csv', buffer: Buffer.alloc(8_000_000, 'a,b\n') }
    await page.getByLabel('File', { exact: true }).setInputFiles(file)
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 200_000,
    })
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    const bar = page.getByRole('progressbar', { name: 'Upload' })
    await page.locator('#start-sending progress:not([value="0"])').waitFor()
    assert.isBelow(Number(await bar.getAttribute('value')), 100)
    assert.match((await page.locator('#start-sending span').textContent()) ?? '', / of 8\.0\sMB/)

    const failed = page.waitForEvent('requestfailed')
    await page.keyboard.press('Escape')
    assert.include((await failed).url(), '/tasks')
    assert.equal(new URL(page.url()).pathname, '/')
  })

  test('says at its field that a file is too large, in units that people use, and sends nothing', async (context) => {
    const { assert, cleanup } = context
    const server = await ServerProcess.start({ MAX_UPLOAD: '2mb' })
    cleanup(() => server.dispose())
    const { page } = await openTab(context, server.url)
    const requests: string[] = []
    page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
    const problem = page.locator('#field-file-problem')
    await page.getByRole('button', { name: 'Start a task' }).first().click()
    await page.getByLabel('Type', { exact: true }).last().selectOption('import-csv')
    await page.getByLabel('Dataset', { exact: true }).fill('too large')
    const file = { name: 'big.csv', mimeType: 'text/csv', buffer: Buffer.alloc(3_000_000, 'a,b\n') }
    await page.getByLabel('File', { exact: true }).setInputFiles(file)
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await problem.getByText(/^The file has 3\.0\sMB, and 2\.\d\sMB are the most/).waitFor()
    assert.notInclude(requests, `POST ${server.url}/tasks`)
  })

  test('comes when the types do, however often they could not be had', async (context) => {
    const { assert, cleanup } = context
    const proxy = await Proxy.start(base())
    cleanup(() => proxy.close())
    proxy.outage = { status: 503, path: '/task-types' }
    const { page } = await openTab(context, proxy.url)
    await live(page)
    await until(() => proxy.failures > 0)
    assert.isTrue(await page.locator('#start').isDisabled())
    proxy.outage = undefined
    await page.locator('#start:enabled').click()
    await page.locator('#field-steps').or(page.locator('#start-fields input')).first().waitFor()
  })

  test('puts the errors of the server at their fields, and the focus on the first', async (context) => {
    const { assert } = context
    const { page } = await openTab(context, base())
    await page.getByRole('button', { name: 'Start a task' }).first().click()
    await page.getByLabel('Type', { exact: true }).last().selectOption('simulate')
    await page.getByLabel('Step ms').fill('soon')
    await page.getByLabel('Steps').fill('0')
    await page.getByRole('button', { name: 'Start', exact: true }).click()

    await page.locator('#field-steps[aria-invalid=true]').waitFor()
    const problem = (name: string) => page.locator(`#field-${name}-problem`).textContent()
    assert.match((await problem('steps')) ?? '', /^Steps must be between/)
    assert.equal(await problem('stepMs'), 'Step ms must be a number')
    assert.equal(await problem('failAt'), '')
    assert.equal(await page.evaluate<string>('document.activeElement.id'), 'field-steps')

    await page.getByLabel('Steps').fill('1')
    await page.getByLabel('Step ms').fill('')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.waitForURL(/\/tasks\//)
  })

  test('can be used with the keyboard alone, from the list to the end of the task', async (context) => {
    const { assert } = context
    const { page } = await openTab(context, base())
    await live(page)
    const focused = () => page.evaluate<string>('document.activeElement.id')
    const tabTo = async (id: string) => {
      for (let key = 0; (await focused()) !== id; key++) {
        assert.isBelow(key, 40, `Tab never came to #${id}`)
        await page.keyboard.press('Tab')
      }
    }
    await tabTo('start')
    await page.keyboard.press('Enter')
    assert.equal(await focused(), 'start-type')
    await page.keyboard.type('sim')
    await tabTo('field-steps')
    await page.keyboard.type('3')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/tasks\//)
    await page.locator('#task[data-status=completed]').waitFor()
    await page.getByRole('button', { name: 'Delete' }).first().focus()
    await page.keyboard.press('Enter')
    await page.locator('#confirm[open]').waitFor()
    await page.keyboard.press('Escape')

    await page.goto(base())
    await live(page)
    const first = page.locator('.row a').first()
    await first.focus()
    const from = await first.getAttribute('href')
    await page.keyboard.press('ArrowDown')
    const href = () => page.evaluate<string>("document.activeElement.getAttribute('href')")
    assert.notEqual(await href(), from)
    await page.keyboard.press('Home')
    assert.equal(await href(), from)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${base()}${from}`)
  })

  test('makes a control for every kind of schema', async (context) => {
    const { assert } = context
    const engine = await theEngine()
    if (!engine.types.find('every-kind')) engine.types.add(EveryKind, import.meta.filename)
    const { page } = await openTab(context, base())
    await page.getByRole('button', { name: 'Start a task' }).first().click()
    await page.getByLabel('Type', { exact: true }).last().selectOption('every-kind')
    await page.getByLabel('Text').fill('<i>&"')
    await page.getByLabel('Whole').fill('7')
    await page.getByLabel('Ratio').fill('0.5')
    await page.getByLabel('Is on').check()
    await page.getByLabel('Is fast').selectOption('no')
    await page.getByLabel('Color').selectOption('green')
    await page.getByLabel('Tags').fill('["a", "b"]')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.waitForURL(/\/tasks\//)
    const id = page.url().split('/').at(-1) ?? ''
    const { snapshot } = await endOf(id)
    const sent = {
      text: '<i>&"',
      whole: 7,
      ratio: 0.5,
      isOn: true,
      isFast: false,
      color: 'green',
      tags: ['a', 'b'],
    }
    assert.deepEqual(snapshot.result, sent)
    await page.locator('#task[data-status=completed]').waitFor()
    assert.deepEqual(JSON.parse((await page.locator('#input-panel pre').textContent()) ?? ''), sent)
  })
})
