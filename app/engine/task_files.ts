import type { Readable } from 'node:stream'
import type { Disk } from '@adonisjs/drive'
import TaskFile from '#models/task_file'
import { randomUUID } from 'node:crypto'
import { pass } from '#engine/landmarks'
import { persist } from '#engine/trouble'
import { RunFenced } from '#engine/errors'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FSDriver } from '@adonisjs/drive/drivers/fs'
import { open } from 'node:fs/promises'
import type { FileStore } from '#engine/file_store'
import { fileName, slice, toBytes, type Bytes, type Range } from '#engine/bytes'
import type { Database } from '@adonisjs/lucid/database'
import type { StoredFileData } from '#engine/stored_file'
import type { ModelQueryBuilderContract } from '@adonisjs/lucid/types/model'

/** Milliseconds for which files that don't count wait for a locked database, unless a run waits. */
const PATIENCE = 5000

/** A file that a task leaves behind, as clients know it. */
export interface ResultFile {
  readonly name: string
  readonly contentType: string
  /** Bytes. */
  readonly size: number
  /** SHA-256 in hex. */
  readonly sha256: string
}

interface WritingRun {
  readonly id: string
  readonly claim: number
  readonly signal: AbortSignal
}

export interface TaskFilesOptions {
  readonly db: Database
  /** Where uploads are, and result files until they are whole. */
  readonly uploads: FileStore
  readonly disk: Disk
}

/**
 * The files of tasks: what they leave behind, and the end of all of them. Guarantees that a result
 * file is whole and its task's before that is completed, that it counts only for the run that wrote
 * it, and that every file which doesn't count is found again and removed.
 */
export class TaskFiles {
  readonly #options: TaskFilesOptions

  constructor(options: TaskFilesOptions) {
    this.#options = options
  }

  /**
   * Stores the result file of a run, in the place of one that it wrote before. Throws `RunFenced`,
   * `StorageFull`, the reason of the run's signal, or what the source throws.
   */
  async write(
    run: WritingRun,
    { name, contentType }: Pick<ResultFile, 'name' | 'contentType'>,
    source: Bytes
  ): Promise<ResultFile> {
    const { uploads, disk } = this.#options
    const { id, signal } = run
    const incoming = await uploads.receive(toBytes(source), fileName(name), {
      limit: Number.POSITIVE_INFINITY,
      signal,
    })
    const { path, ...measured } = incoming
    const file = { ...measured, contentType }
    const key = `${id}-${randomUUID()}`
    try {
      // Noted before it is there: whatever happens next, it can be found.
      if (!(await persist(() => this.#note(run, key, file), signal))) throw new RunFenced(id)
      pass('mid-file')
      await disk.moveFromFs(path, key, { contentType, contentLength: file.size })
    } catch (error) {
      await uploads.discard(incoming)
      await this.#remove(TaskFile.query().where({ key }), signal)
      throw error
    }
    pass('after-file')
    if (!(await persist(() => TaskFile.find(key), signal))) {
      // A run that took over has removed the row, perhaps before the file was there.
      await disk.delete(key)
      throw new RunFenced(id)
    }
    await this.#remove(
      TaskFile.query().where('task_id', id).where('claim', '<=', run.claim).whereNot('key', key),
      signal
    )
    return file
  }

  /** The result file of a completed task, if that has one. */
  async find(taskId: string): Promise<TaskFile | null> {
    return TaskFile.query()
      .join('tasks', (on) =>
        on.on('tasks.id', 'task_files.task_id').on('tasks.claim', 'task_files.claim')
      )
      .where({ task_id: taskId, status: 'completed' })
      .select('task_files.*')
      .first()
  }

  /** The bytes of a file, or a part of it, opened; `null` when it is no longer there. */
  async read({ key }: TaskFile, range?: Range): Promise<Readable | null> {
    const { disk } = this.#options
    // Drive itself gives no part of a file, and opens it when it is too late to say that it has gone.
    if (disk.driver instanceof FSDriver) {
      const { location } = disk.driver.options
      const folder = location instanceof URL ? fileURLToPath(location) : location
      const file = await open(join(folder, key)).catch(nullIfMissing)
      return file?.createReadStream(range) ?? null
    }
    if (!(await disk.exists(key))) return null
    const stream = await disk.getStream(key)
    return range ? slice(stream, range) : stream
  }

  /** Removes what a run has written and what doesn't count, since it did not complete its task. */
  async discard({ id, claim }: WritingRun): Promise<void> {
    await this.#remove(TaskFile.query().where({ task_id: id, claim }))
  }

  /**
   * Removes all files of tasks that are gone. The one place that does, whoever removed the tasks.
   * Throws the first error once all were tried; what is left then is swept at the next start.
   */
  async removeOf(tasks: readonly { id: string; file: StoredFileData | null }[]): Promise<void> {
    const uploads = tasks.flatMap(({ file }) => file ?? [])
    const ids = tasks.map(({ id }) => id)
    await eachOf([
      ...uploads.map((file) => () => this.#options.uploads.remove(file)),
      () => this.#remove(TaskFile.query().whereIn('task_id', ids)),
    ])
  }

  /** Removes what crashes left: files of runs that ended otherwise than by completing their task. */
  async sweep(): Promise<void> {
    await this.#remove(
      TaskFile.query()
        .leftJoin('tasks', 'tasks.id', 'task_files.task_id')
        .where((query) =>
          query
            .whereNull('tasks.id')
            .orWhereColumn('tasks.claim', '!=', 'task_files.claim')
            .orWhereNotIn('tasks.status', ['processing', 'completed'])
        )
    )
  }

  async #note({ id, claim }: WritingRun, key: string, file: ResultFile): Promise<boolean> {
    const { name, contentType, size, sha256 } = file
    const rows: unknown[] = await this.#options.db.rawQuery(
      `insert into task_files (key, task_id, claim, name, content_type, size, sha256)
       select ?, id, claim, ?, ?, ?, ? from tasks
       where id = ? and claim = ? and status = 'processing' returning key`,
      [key, name, contentType, size, sha256, id, claim]
    )
    return rows.length === 1
  }

  /**
   * The file first: as long as there is a row, it is found. Waits for the database until `signal` is
   * aborted; throws the first error once all were tried.
   */
  async #remove(
    query: ModelQueryBuilderContract<typeof TaskFile>,
    signal = AbortSignal.timeout(PATIENCE)
  ): Promise<void> {
    const files = await persist(() => query.clone().select('task_files.key'), signal)
    await eachOf(
      files.map(({ key }) => async () => {
        await this.#options.disk.delete(key)
        await persist(() => TaskFile.query().where({ key }).delete(), signal)
      })
    )
  }
}

/** Does all the work, one after the other, whatever fails; throws the first error at the end. */
async function eachOf(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const work of works) await work().catch((error) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
