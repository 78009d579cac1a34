import { join } from 'node:path'
import { promisify } from 'node:util'
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'

/** As the README has it. */
const ADDRESS = 'http://127.0.0.1:3333'

/** Stands before the real one: notes what it is asked and what it says, in the order of calls. */
const recorder = `#!/usr/bin/env bash
call=$CALLS/$(printf %03d "$(ls "$CALLS" | wc -l)")
printf '%s\\n' "$*" > "$call"
"$REAL_CURL" -sS "$@" | tee -a "$call"
exit "\${PIPESTATUS[0]}"
`

export const curl = spawnSync('bash', ['-c', 'command -v curl']).stdout?.toString().trim()

/** One call of curl. */
export class Call {
  readonly args: string
  /** What it wrote: with \`-i\` the heads, too. */
  readonly output: string

  constructor(record: string) {
    const [args = '', ...lines] = record.split('\n')
    this.args = args
    this.output = lines.join('\n')
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.output)?.[1])
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)\r$`, 'im').exec(this.output)?.[1]
  }

  json<T>(): T {
    return JSON.parse(this.output.split('\r\n\r\n').at(-1) ?? '') as T
  }
}

/** The README's blocks of a language, in their order. */
export async function blocksOf(language: string): Promise<string[]> {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  const blocks = readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...blocks].flatMap(([, of, block = '']) => (of === language ? [block] : []))
}

/**
 * Runs every block of the README that calls curl in one shell, word by word but for the address.
 * Throws when a command fails.
 *
 * @param folder where it runs, and where the files go that it fetches
 */
export async function runReadme(
  url: string,
  folder: string
): Promise<{ calls: Call[]; output: string }> {
  const blocks = (await blocksOf('sh')).filter((block) => block.includes('curl '))
  const [bin, calls] = [join(folder, '.bin'), join(folder, '.calls')]
  await mkdir(bin)
  await mkdir(calls)
  await writeFile(join(bin, 'curl'), recorder, { mode: 0o755 })
  const script = `set -euo pipefail\n${blocks.join('\n').replaceAll(ADDRESS, url)}`
  const env = { ...process.env, CALLS: calls, REAL_CURL: curl, PATH: `${bin}:${process.env.PATH}` }
  const run = promisify(execFile)
  const { stdout } = await run('bash', ['-c', script], { cwd: folder, env })
  const names = (await readdir(calls)).sort()
  const records = await Promise.all(names.map((name) => readFile(join(calls, name), 'utf8')))
  return { calls: records.map((record) => new Call(record)), output: stdout }
}
