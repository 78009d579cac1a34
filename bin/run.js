/*
|--------------------------------------------------------------------------
| `npm run dev` and `npm test`
|--------------------------------------------------------------------------
|
| Makes a fresh clone ready, then hands over to ace under Node 24. Plain
| JavaScript that Node 18 can run, since nothing is installed yet.
|
*/

import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const NODE_NEEDED = 24
/** As in adonisrc.ts, which needs more than there is here to be read. */
const SUITES = ['unit', 'functional', 'crash', 'browser']

process.chdir(fileURLToPath(new URL('../', import.meta.url)))
const [command, ...args] = process.argv.slice(2)

if (command === 'test') checkSuites()
if (!isInstalled() || !findNode()) install()
const node = findNode()
if (!node) {
  fail(
    `Headway needs Node.js ${NODE_NEEDED} or newer, this is ${process.versions.node}, and npm did not install one: install it and try again.`
  )
}
writeSettings()
handOver(command === 'dev' ? ['serve', '--watch', '--no-clear'] : ['test', '--no-clear'])

/** The suites are what comes before the first flag. The runner would say it with a stack trace. */
function checkSuites() {
  const flag = args.findIndex((arg) => arg.startsWith('-'))
  const unknown = args.slice(0, flag < 0 ? undefined : flag).find((arg) => !SUITES.includes(arg))
  if (unknown !== undefined) fail(`There is no suite ${unknown}. There are: ${SUITES.join(', ')}.`)
}

/** Whether all that package-lock.json names is in node_modules, in the same version. */
function isInstalled() {
  try {
    const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(
      (path) => JSON.parse(readFileSync(path, 'utf8')).packages
    )
    return Object.entries(wanted).every(
      ([path, { version, optional, devOptional }]) =>
        path === '' || optional || devOptional || installed[path]?.version === version
    )
  } catch {
    return false
  }
}

function install() {
  process.stdout.write('Installing the packages (npm ci) …\n')
  // Whatever NODE_ENV says, ace is among the development dependencies.
  const npm = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, error } = spawnSync('npm', npm, { stdio: 'inherit' })
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}.`)
}

/** The Node.js of the development dependencies, else the running one if it is new enough. */
function findNode() {
  if (existsSync('node_modules/.bin/node')) return 'node_modules/.bin/node'
  return parseInt(process.versions.node) >= NODE_NEEDED ? process.execPath : undefined
}

function writeSettings() {
  if (existsSync('.env')) return checkSettings()
  const key = randomBytes(24).toString('base64url')
  const settings = readFileSync('.env.example', 'utf8').replace(/^APP_KEY=$/m, `APP_KEY=${key}`)
  writeFileSync('.env', settings, { flag: 'wx', mode: 0o600 })
}

/** ace would say it with a stack trace, and go on watching. */
function checkSettings() {
  try {
    readFileSync('.env')
  } catch (error) {
    fail(`The settings in .env can't be read: ${error.message}.`)
  }
}

/**
 * Passes signals on and ends with ace's exit code once the last process that ace started is gone:
 * stderr is a pipe, which closes only then. No stdin, because ace would read Ctrl-C from a terminal
 * as "kill the server".
 */
function handOver(ace) {
  const child = spawn(node, ['ace.js', ...ace, ...args], { stdio: ['ignore', 'inherit', 'pipe'] })
  child.stderr.pipe(process.stderr)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(error.message))
  child.on('close', (code) => process.exit(code ?? 1))
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
