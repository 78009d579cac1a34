import { existsSync } from 'node:fs'
import type { TestContext } from '@japa/runner/core'
import {
  chromium as driver,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'

/** Where Chromium is, if it is installed: Debian's, or what `CHROMIUM` says. */
export const chromium = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path && existsSync(path)
)

const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']

let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export interface Tab {
  readonly page: Page
  /** What the page should not have done: errors of its scripts, and what its policy refused. */
  readonly problems: string[]
}

/**
 * A tab with cookies, cache and network of its own, closed at the end of the test, which fails when
 * the page has done what it should not.
 */
export async function openTab(
  { assert, cleanup }: Pick<TestContext, 'assert' | 'cleanup'>,
  url: string,
  options: BrowserContextOptions = {}
): Promise<Tab> {
  browser ??= driver.launch({ executablePath: chromium, args: [...args, ...quiet] })
  const context = await (await browser).newContext({ reducedMotion: 'reduce', ...options })
  // The test's own timeout comes first on any machine that still moves.
  context.setDefaultTimeout(100_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error.stack ?? error)))
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) problems.push(message.text())
  })
  cleanup(async () => {
    await context.close()
    assert.deepEqual(problems, [])
  })
  await page.goto(url)
  return { page, problems }
}

/** Waits until the page says that it is live. */
export async function live(page: Page): Promise<void> {
  await page.locator('#freshness[data-state=live]').waitFor()
}

/** Marks the document: gives a check that it is still the same one, never loaded again. */
export async function noReload(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('window.isTheSame = true')
  return () => page.evaluate<boolean>("'isTheSame' in window")
}
