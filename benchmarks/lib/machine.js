import os from 'node:os'
import { join } from 'node:path'
import { cpuSource } from '#lib/child'
import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'

const here = join(import.meta.dirname, '..')

/** Where and with what the figures were taken. */
export function machine() {
  const versions = [
    ...['@adonisjs/core', '@adonisjs/transmit', '@adonisjs/lucid', 'better-sqlite3'].map((name) =>
      version(join(here, '..'), name)
    ),
    ...['better-sse', 'bullmq', 'ioredis'].map((name) => version(here, name)),
    redis() ?? 'no redis-server',
  ]
  return [
    `${os.cpus()[0].model}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    `${os.type()} ${/^\d+\.\d+/.exec(os.release())?.[0]}, Node.js ${process.versions.node}`,
    versions.join(', '),
    `CPU: ${cpuSource ?? 'no /proc here, so no figures of CPU time'}`,
  ]
}

export const load = () =>
  os
    .loadavg()
    .map((figure) => figure.toFixed(2))
    .join(' ')

/** Version of the local Redis, `null` where there is none. */
export function redis() {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  return status === 0 ? `Redis ${/v=(\S+)/.exec(stdout)?.[1]}` : null
}

/** How many files a process may open: Node.js raises the soft limit to the hard one by itself. */
export function openFiles() {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    return Number(/Max open files\s+(\d+)/.exec(limits)[1])
  } catch {
    return 1024
  }
}

/**
 * Lets the servers have one CPU and the loads another, where that can be told: what changes CPUs, or
 * has a load beside it, loses its caches by chance.
 */
export function pin(servers, loads) {
  if (!canPin()) return
  for (const [cpu, children] of [servers, loads].entries()) {
    for (const { pid } of children) {
      const options = ['--all-tasks', '--cpu-list', '--pid', String(cpu), String(pid)]
      const { status, stderr } = spawnSync('taskset', options, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`taskset: ${stderr}`)
    }
  }
}

/** Whether there is `taskset`, and both CPUs may be used. */
export function canPin() {
  return ['0', '1'].every((cpu) => spawnSync('taskset', ['--cpu-list', cpu, 'true']).status === 0)
}

function version(folder, name) {
  const file = join(folder, 'node_modules', name, 'package.json')
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`
}
