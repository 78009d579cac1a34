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
    const script = scripts.get(this.input.script)
    scripts.delete(this.input.script)
    return script?.(this)
  }
}

export async function theEngine(): Promise<Engine> {
  const engine = await app.container.make(Engine)
  if (!engine.types.find('scripted')) engine.types.add(Scripted, 'tests/helpers/scripted.ts')
  return engine
}

/** The input under which a script runs. */
export function scriptInput(script: Script): { script: string } {
  const key = randomUUID()
  scripts.set(key, script)
  return { script: key }
}

/** Starts a task that runs the script; gives its id. */
export async function startScript(script: Script, id?: string): Promise<string> {
  const engine = await theEngine()
  const input = scriptInput(script)
  const { task } = await engine.start({ owner: 'local', type: 'scripted', input, id })
  return task.cut.id
}
