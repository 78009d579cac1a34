import { join } from 'node:path'
import { on, once } from 'node:events'
import { tmpdir } from 'node:os'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { spawn, type ChildProcess } from 'node:child_process'
import { noteMismatch } from '#tests/helpers/mismatches'

type Settings = Readonly<Record<string, string>>

/** A setting of the helper, none of the server: helpers to load into it, separated by spaces. */
const LOAD = 'LOAD_HELPERS'

/** Another one: the id of the user, and of the group, as which it runs. */
const USER = 'RUN_AS'

/** Loaded where nothing else is asked for: checks every answer. */
const WATCH = 'watch_contract'

/** Those of `npm start`. */
const npmStart = ['--max-semi-space-size=32']

/** What a server is run from: the TypeScript, or `build/`, which starts in a fraction of the time. */
const programs = {
  source: { flags: [...npmStart, '--import=@poppinss/ts-exec'], folder: '../..', ending: 'ts' },
  build: { flags: npmStart, folder: '../../build', ending: 'js' },
}
export type Program = keyof typeof programs

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * A server as a process of its own, in production mode, with a data folder and a port of its own.
 * It sees neither the settings of the tests nor `.env`. To be disposed of at the end of the test.
 */
export class ServerProcess {
  readonly url: string
  /** Folder of all that the server keeps. */
  readonly folder: string
  /** What the server said on stdout and stderr, over all restarts. */
  output = ''
  /** The end of the process. */
  exited!: Promise<Exit>
  #child!: ChildProcess
  #listening!: Promise<boolean>
  #settings: Settings
  readonly #program: Program

  private constructor(folder: string, port: number, settings: Settings, program: Program) {
    this.folder = folder
    this.#program = program
    this.url = `http://127.0.0.1:${port}`
    this.#settings = {
      ENV_PATH: folder,
      NODE_ENV: 'production',
      PORT: String(port),
      SQLITE_PATH: join(folder, 'db.sqlite3'),
      STORAGE_PATH: join(folder, 'storage'),
      ...settings,
    }
  }

  /** Gives the server once it listens. Throws what it said when it ended before. */
  static async start(settings?: Settings, program?: Program): Promise<ServerProcess> {
    const server = await ServerProcess.launch(settings, program)
    await server.#listens()
    return server
  }

  /** Gives the server at once, whether it will listen or not. */
  static async launch(
    settings: Settings = {},
    program: Program = 'source'
  ): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'headway-test-'))
    const server = new ServerProcess(folder, await freePort(), settings, program)
    server.#spawn()
    return server
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Sends a signal. Gives the end of the process, which need not be awaited. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#child.kill(signal)
    return this.exited
  }

  /** Starts it again on the same data and port; kills it before, should it still run. */
  async restart(settings: Settings = {}): Promise<void> {
    await this.relaunch(settings)
    await this.#listens()
  }

  /** The same, without waiting until it listens. */
  async relaunch(settings: Settings = {}): Promise<void> {
    await this.kill('SIGKILL')
    this.#settings = { ...this.#settings, ...settings }
    this.#spawn()
  }

  /** Asks a probe that was loaded into the process (see loop_probe.js), and gives its answer. */
  async ask<T>(question: string): Promise<T> {
    this.#child.send(question)
    // AdonisJS sends messages of its own.
    for await (const [message] of on(this.#child, 'message')) {
      if (message?.answer !== undefined) return message.answer as T
    }
    throw new Error('The server is gone')
  }

  /** Kills the process and removes its data. */
  async dispose(): Promise<void> {
    await this.kill('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }

  #spawn(): void {
    const { [LOAD]: helpers = WATCH, [USER]: user, ...settings } = this.#settings
    const { flags, folder, ending } = programs[this.#program]
    const root = join(import.meta.dirname, folder)
    const loads = helpers.split(' ').filter(Boolean)
    const imports = loads.map((name) => `--import=${root}/tests/helpers/${name}.${ending}`)
    this.#child = spawn(process.execPath, [...flags, ...imports, `bin/server.${ending}`], {
      cwd: root,
      env: { PATH: process.env.PATH, ...settings },
      ...(user && { uid: Number(user), gid: Number(user) }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child.stdout?.on('data', (text) => (this.output += text))
    this.#child.stderr?.on('data', (text) => (this.output += text))
    this.#child.on('message', (message: { mismatch?: string }) => {
      if (message?.mismatch !== undefined) noteMismatch(message.mismatch)
    })
    // `close` comes when all output is read, `exit` may come before.
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }))
    // AdonisJS tells its parent process when it listens.
    const ready = once(this.#child, 'message').then(() => true)
    this.#listening = Promise.race([ready, this.exited.then(() => false)])
  }

  async #listens(): Promise<void> {
    if (await this.#listening) return
    await this.dispose()
    throw new Error(`The server ended before it listened:\n${this.output}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
