import vine from '@vinejs/vine'
import app from '@adonisjs/core/services/app'
import { Engine } from '#engine/engine'
import { randomUUID } from 'node:crypto'
import { LongTask } from '#engine/long_task'

type Script = (task: Scripted) => Promise<unknown>

const scripts = new Map<string, Script>()

/** A task type whose code a test writes on the spot. */
export class Scripted extends LongTask<typeof Scripted.input> {
  static type = 'scripted'
  static description = 'Runs what a test says'
  static input = vine.create({ script: vine.string() })

  async run() {
    return scripts.get(this.input.script)?.(this)
  }
}

/** The same with three attempts, hardly a pause between them, and little time. */
export class Persistent extends Scripted {
  static type = 'persistent'
  static attempts = 3
  static backoff = { first: '20ms', longest: '40ms' }
  static timeout = '500ms'
}

/** The same with a long pause between two attempts, and little patience before the first. */
export class Patient extends Scripted {
  static type = 'patient'
  static attempts = 2
  static backoff = { first: '1h', longest: '1h' }
  static expires = '1s'
}

export async function theEngine(): Promise<Engine> {
  const engine = await app.container.make(Engine)
  for (const type of [Scripted, Persistent, Patient]) {
    if (!engine.types.find(type.type)) engine.types.add(type, 'tests/helpers/scripted.ts')
  }
  return engine
}

/** The input under which a script runs. */
export function scriptInput(script: Script): { script: string } {
  const key = randomUUID()
  scripts.set(key, script)
  return { script: key }
}

/** Starts a task that runs the script; gives its id. */
export async function startScript(
  script: Script,
  id?: string,
  type: typeof Scripted = Scripted
): Promise<string> {
  const engine = await theEngine()
  const input = scriptInput(script)
  const { task } = await engine.start({ owner: 'local', type: type.type, input, id })
  return task.cut.id
}
