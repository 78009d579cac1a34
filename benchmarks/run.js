/*
|--------------------------------------------------------------------------
| `npm run bench`
|--------------------------------------------------------------------------
|
| Measures Headway beside its peers, in the same run and in turns, prints one
| table and writes it to the head of RESULTS.md. `npm run bench -- NAME …` takes single
| measurements, `--rounds N` sets how often (5), `--keep` keeps the logs.
|
*/

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tmpdir } from 'node:os'
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'

/** In the order of the table. */
const names = [
  'one_task',
  'task_each',
  'progress_call',
  'latency',
  'reconnect',
  'polling',
  'starting',
  'finished_rows',
  'memory',
  'import_csv',
]
/** Milliseconds that a measurement may take. */
const LIMIT = 1_200_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, keep: { type: 'boolean', default: false } },
})
const chosen = positionals.length > 0 ? positionals : names
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0 || !(Number(values.rounds) >= 1)) {
  say(`npm run bench -- [--rounds N] [${names.join(' | ')}] …`)
  process.exit(2)
}
installPeers()

const { build } = await import('#lib/build')
const { table } = await import('#lib/table')
const { Servers } = await import('#lib/servers')
const { stopAll } = await import('#lib/child')
const { canPin, load, machine } = await import('#lib/machine')

const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'))
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => clean().then(() => process.exit(1)))
try {
  await measure()
} finally {
  await clean()
}

async function measure() {
  const before = load()
  say('Building …')
  const servers = new Servers(await build(folder), folder)
  const rounds = Number(values.rounds)
  const rows = []
  const notes = []
  for (const name of chosen) {
    const since = performance.now()
    const { default: run } = await import(`./measurements/${name}.js`)
    try {
      const note = (line) => say(line) || notes.push(line)
      rows.push(...(await inTime(run({ servers, rounds, folder, say: note }))))
    } catch (error) {
      say(error.stack)
      const reason = `could not be measured: ${error.message.split('\n')[0]}`
      rows.push({ what: name, ours: '', peer: reason, ratio: '', must: '', reached: false })
    }
    await stopAll()
    say(
      `${name}: ${((performance.now() - since) / 1000).toFixed(0)} s, load of the machine ${load()}`
    )
  }
  const facts = [
    ...machine(),
    `one_task, task_each, polling, starting: the servers ${canPin() ? 'share one CPU, the loads another' : 'are not bound to a CPU'}`,
    `Medians of ${rounds} rounds; the ratio is the median of the rounds' ratios, its range in brackets`,
    `Load of the machine (1, 5, 15 minutes): ${before} before, ${load()} after`,
    ...notes,
  ]
  const text = `${facts.map((fact) => `- ${fact}`).join('\n')}\n\n${table(rows)}\n`
  say(`\n${text}`)
  if (chosen !== names) return say('RESULTS.md is written by whole runs only.')
  const head = `# Results\n\nWritten by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}.\n\n`
  const results = join(import.meta.dirname, 'RESULTS.md')
  // What was measured by other means has a heading of its own, and stays.
  const [apart = ''] = /\n## .*/s.exec(await readFile(results, 'utf8')) ?? []
  await writeFile(results, head + text + apart)
}

/** Throws when the measurement does not come to an end. */
async function inTime(measurement) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${LIMIT / 1000} s`)), LIMIT)
  })
  return Promise.race([measurement, late]).finally(() => clearTimeout(timer))
}

async function clean() {
  await stopAll()
  if (values.keep) return say(`The logs are in ${folder}`)
  await rm(folder, { recursive: true, force: true })
}

function installPeers() {
  if (existsSync(join(import.meta.dirname, 'node_modules/.package-lock.json'))) return
  say('Installing the peers …')
  // Not `npm ci`: it asks for packages of other platforms, which the lock can't name everywhere.
  const npm = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', npm, { cwd: import.meta.dirname, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
