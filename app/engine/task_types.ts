import { basename } from 'node:path'
import { readdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { errors } from '@vinejs/vine'
import { LongTask } from '#engine/long_task'
import { takesFile } from '#engine/stored_file'
import type { TaskType } from '#engine/task_type'
import { isDuration, LONGEST, LONGEST_TIMER } from '#engine/duration'
import { BadTaskType, UnknownTaskType } from '#engine/errors'

/** The task types by name. Guarantees that each is whole and its name is its own. */
export class TaskTypes {
  readonly #types = new Map<string, TaskType>()
  readonly #files = new Map<string, string>()

  /**
   * Loads the default export of every module that lies directly in `folder`; helpers live in
   * folders below it. Throws `BadTaskType`, which names the file.
   */
  static async load(folder: string): Promise<TaskTypes> {
    const types = new TaskTypes()
    const files = await readdir(folder, { withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile()).map((entry) => entry.name)) {
      if (!/\.(ts|js)$/.test(file) || file.endsWith('.d.ts')) continue
      const module = await import(pathToFileURL(`${folder}/${file}`).href)
      types.add(module.default, `app/tasks/${basename(file)}`)
    }
    return types
  }

  /** Takes a type in. Throws `BadTaskType` for a duplicate or a bad definition. */
  add(candidate: unknown, file: string): void {
    const type = checked(candidate, file)
    const other = this.#files.get(type.type)
    if (other) throw new BadTaskType(file, `the type "${type.type}" is taken by ${other}`)
    this.#types.set(type.type, type)
    this.#files.set(type.type, file)
  }

  find(type: string): TaskType | undefined {
    return this.#types.get(type)
  }

  /** Throws `UnknownTaskType`. */
  get(type: string): TaskType {
    const found = this.#types.get(type)
    if (!found) throw new UnknownTaskType(type, [...this.#types.keys()].sort())
    return found
  }

  /** Throws for a file that comes with a type: `UnknownTaskType`, Vine's error if it takes none. */
  checkFile(type: string): void {
    if (takesFile(this.get(type).input)) return
    const message = `The type ${type} takes no file`
    throw new errors.E_VALIDATION_ERROR([{ field: 'file', rule: 'noFile', message }])
  }

  all(): TaskType[] {
    return [...this.#types.values()].sort((a, b) => (a.type < b.type ? -1 : 1))
  }
}

function checked(candidate: unknown, file: string): TaskType {
  const bad = (problem: string) => new BadTaskType(file, problem)
  if (typeof candidate !== 'function' || !(candidate.prototype instanceof LongTask)) {
    throw bad('its default export must be a class that extends LongTask')
  }
  const type = candidate as unknown as TaskType
  if (typeof type.type !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(type.type)) {
    throw bad('`static type` must be a kebab-case name such as "import-csv"')
  }
  if (typeof type.description !== 'string' || type.description.trim() === '') {
    throw bad('`static description` must say in a sentence what the task does')
  }
  if (typeof type.input?.validate !== 'function' || typeof type.input.toJSONSchema !== 'function') {
    throw bad('`static input` must be a Vine schema, made with `vine.create({ … })`')
  }
  if (typeof type.prototype.run !== 'function') throw bad('`run()` is missing')
  const problem = policyProblem(type)
  if (problem) throw bad(problem)
  return type
}

function policyProblem({ attempts, backoff, timeout, expires }: TaskType): string | null {
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 1000) {
    return '`static attempts` must be a whole number from 1 to 1000'
  }
  if (!isDuration(backoff?.first) || !isDuration(backoff.longest)) {
    return `\`static backoff\` must be two durations, such as { first: '1s', longest: '5m' }, at most ${LONGEST}`
  }
  if (timeout !== null && !isDuration(timeout, LONGEST_TIMER)) {
    return `\`static timeout\` must be a duration such as '1h', at most ${LONGEST_TIMER}`
  }
  return expires === null || isDuration(expires)
    ? null
    : `\`static expires\` must be a duration such as '1d', at most ${LONGEST}`
}
