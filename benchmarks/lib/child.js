import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { calling } from '#lib/calls'
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs'

const running = new Set()

/** A process of the bench: what it prints goes to `log`; it says by a message that it is ready. */
export class Child {
  call
  #child
  #log

  /**
   * Gives it once it is ready: it has sent a message, unless `ready` says otherwise. Throws what it printed when it
   * ended before.
   */
  static async start(options) {
    const child = new Child()
    await child.#spawn(options)
    return child
  }

  get pid() {
    return this.#child.pid
  }

  /** Seconds of CPU that the process has used, user and system. */
  get cpu() {
    return cpuOf(this.pid)
  }

  async stop() {
    running.delete(this)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  async #spawn({ command = process.execPath, args, cwd, env = {}, log, ready }) {
    const output = openSync(log, 'a')
    this.#log = log
    this.#child = spawn(command, args, {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', output, output, 'ipc'],
    })
    closeSync(output)
    running.add(this)
    this.call = calling(this.#child)
    const begun = (ready ? ready() : once(this.#child, 'message')).then(() => true)
    const ended = once(this.#child, 'exit').then(() => false)
    if (await Promise.race([begun, ended])) return
    throw new Error(`${args.join(' ')} ended:\n${readFileSync(this.#log, 'utf8').slice(-4000)}`)
  }
}

/** Ends what still runs. */
export async function stopAll() {
  await Promise.all([...running].map((child) => child.stop()))
}

/** Where the CPU figures come from on this machine, `null` where there is no way to tell. */
export const cpuSource = existsSync('/proc/self/schedstat')
  ? 'CPU time of all threads from /proc/<pid>/task/*/schedstat (user and system, nanoseconds)'
  : existsSync('/proc/self/stat')
    ? 'utime + stime from /proc/<pid>/stat (hundredths of a second)'
    : null

function cpuOf(pid) {
  if (!cpuSource) return NaN
  if (cpuSource.startsWith('utime')) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
      nanoseconds += Number(text.split(' ')[0])
    } catch {
      // The thread has just ended.
    }
  }
  return nanoseconds / 1e9
}
