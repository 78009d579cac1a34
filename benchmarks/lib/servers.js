import net from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { Child } from '#lib/child'
import { setTimeout as delay } from 'node:timers/promises'
import { mkdtemp, readFile } from 'node:fs/promises'

const here = join(import.meta.dirname, '..')

/** Ports that the bench may use. */
let nextPort = 4500
const LAST_PORT = 4599

/**
 * Starts servers and loads. `folder` takes what they write.
 */
export class Servers {
  /** Folder of the production build. */
  build
  #folder

  constructor(build, folder) {
    this.build = build
    this.#folder = folder
  }

  /** Those of `npm start`. Peers run without any, unless told. */
  async flags() {
    const { scripts } = JSON.parse(await readFile(join(this.build, 'package.json'), 'utf8'))
    return /node ((?:--\S+ )*)/.exec(scripts.start)[1].trim().split(' ')
  }

  /** Headway as `npm start` runs it. */
  async headway(settings = {}) {
    const data = await mkdtemp(join(this.#folder, 'data-'))
    const env = {
      ENV_PATH: data,
      SQLITE_PATH: join(data, 'db.sqlite3'),
      STORAGE_PATH: join(data, 'storage'),
      TASK_CONCURRENCY: '10000',
      MAX_STREAMS: '20000',
      ...settings,
    }
    const args = [...(await this.flags()), ...probe, 'bin/start.js']
    return this.#start({ args, cwd: this.build, env, twoSteps: true, data })
  }

  /** AdonisJS with Transmit and Lucid as their documentation sets them up. */
  async adonis(settings = {}, flags = []) {
    const data = await mkdtemp(join(this.#folder, 'adonis-'))
    const env = { NODE_ENV: 'production', SQLITE_PATH: join(data, 'db.sqlite3'), ...settings }
    const args = [...flags, ...probe, join(here, 'peers/adonis/server.js')]
    return this.#start({ args, env, twoSteps: true })
  }

  /** Plain Node that stores what it sends, with the flags of Headway. */
  async storing(settings) {
    const data = await mkdtemp(join(this.#folder, 'plain-'))
    const env = { SQLITE_PATH: join(data, 'db.sqlite3'), ...settings }
    return this.peer('plain_storing.js', env, await this.flags())
  }

  /** One of the small servers in peers/. */
  peer(script, settings = {}, flags = []) {
    return this.#start({ args: [...flags, ...probe, join(here, 'peers', script)], env: settings })
  }

  /** A worker and a web process with a Redis of their own, which keeps nothing on disk. */
  async bullmq(settings) {
    const port = await freePort()
    await Child.start({
      command: 'redis-server',
      args: ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'].map(String),
      log: join(this.#folder, 'redis.log'),
      ready: () => listens(port),
    })
    const env = { REDIS_PORT: String(port), ...settings }
    const worker = await this.peer('bullmq_worker.js', env)
    return { worker, web: await this.peer('bullmq_web.js', env) }
  }

  load() {
    return Child.start({
      args: [join(here, 'lib/load.js')],
      log: join(this.#folder, 'load.log'),
    })
  }

  /** Any other process that says when it is ready. */
  run(args, env = {}) {
    return Child.start({ args, env, log: join(this.#folder, 'other.log') })
  }

  async #start({ args, cwd, env, twoSteps = false, data }) {
    const port = await freePort()
    const child = await Child.start({
      args,
      cwd,
      env: { HOST: '127.0.0.1', PORT: String(port), ...env },
      log: join(this.#folder, `server-${port}.log`),
    })
    return Object.assign(child, { port, twoSteps, data, url: `http://127.0.0.1:${port}` })
  }
}

const probe = [`--import=${new URL('probe.js', import.meta.url).href}`]

async function listens(port) {
  for (let tries = 0; tries < 100; tries++) {
    const socket = net.connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return
    await delay(50)
  }
  throw new Error('Redis does not listen')
}

async function freePort() {
  for (; nextPort <= LAST_PORT; nextPort++) {
    const server = net.createServer().listen(nextPort, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]).catch(() => false)
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return nextPort++
  }
  nextPort = 4500
  return freePort()
}
