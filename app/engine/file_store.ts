import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createWriteStream, mkdirSync } from 'node:fs'
import { createHash, randomUUID } from 'node:crypto'
import { copyFile, link, readdir, rename, rm } from 'node:fs/promises'
import { pass } from '#engine/landmarks'
import { toldOf } from '#engine/trouble'
import { EngineStopping, FileTooLarge } from '#engine/errors'
import { StoredFile, type StoredFileData } from '#engine/stored_file'

/** A file that has arrived and belongs to no task yet. */
export interface IncomingFile extends Omit<StoredFileData, 'key'> {
  readonly path: string
}

/**
 * The uploaded files below one folder: `incoming/<runner>/` while they arrive, `uploads/` once a
 * task has them. Guarantees that a file is whole before a task can name it.
 */
export class FileStore {
  readonly #incoming: string
  readonly #runnerId: string
  readonly #uploads: string
  #closed = false

  constructor(root: string, runnerId: string) {
    this.#runnerId = runnerId
    this.#incoming = `${root}/incoming`
    this.#uploads = `${root}/uploads`
    mkdirSync(`${this.#incoming}/${runnerId}`, { recursive: true })
    mkdirSync(this.#uploads, { recursive: true })
  }

  /**
   * Streams a file to disk and hashes it on the way. Leaves nothing behind when that fails or is
   * aborted; throws `FileTooLarge` beyond `limit` bytes, `StorageFull` where the disk is.
   */
  async receive(
    source: Readable,
    name: string,
    { limit, signal }: { limit: number; signal: AbortSignal }
  ): Promise<IncomingFile> {
    if (this.#closed) throw new EngineStopping()
    const path = `${this.#incoming}/${this.#runnerId}/${randomUUID()}`
    const hash = createHash('sha256')
    let size = 0
    try {
      await pipeline(
        source,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk)
            size += chunk.length
            if (size > limit) throw new FileTooLarge(limit)
            yield chunk
          }
        },
        createWriteStream(path),
        { signal }
      )
    } catch (error) {
      await rm(path, { force: true })
      throw toldOf(error)
    }
    return { path, name, size, sha256: hash.digest('hex') }
  }

  /** Makes an incoming file the file of a task. */
  async keep(file: IncomingFile, taskId: string): Promise<StoredFileData> {
    const key = this.#newKey(taskId)
    await rename(file.path, `${this.#uploads}/${key}`)
    pass('after-keep')
    return { key, name: file.name, size: file.size, sha256: file.sha256 }
  }

  /**
   * Gives a task the file of another one as its own: neither misses it when the other one's goes.
   * Throws `ENOENT` when that has happened already.
   */
  async share(file: StoredFileData, taskId: string): Promise<StoredFileData> {
    const key = this.#newKey(taskId)
    const [from, to] = [`${this.#uploads}/${file.key}`, `${this.#uploads}/${key}`]
    await link(from, to).catch((error) => {
      if (error.code === 'ENOENT') throw error
      // There are file systems without links.
      return copyFile(from, to)
    })
    return { ...file, key }
  }

  async discard(file: IncomingFile): Promise<void> {
    await rm(file.path, { force: true })
  }

  async remove(file: StoredFileData): Promise<void> {
    await rm(`${this.#uploads}/${file.key}`, { force: true })
  }

  open(file: StoredFileData): StoredFile {
    return new StoredFile(file, `${this.#uploads}/${file.key}`)
  }

  /**
   * Removes what crashes left: files that were arriving at a dead runner, and those that it kept for
   * a task that did not come to be. Those of a living one may be about to be named.
   *
   * @param isAlive whether a runner lives
   * @param known which of these keys tasks name
   */
  async sweep(
    isAlive: (runnerId: string) => boolean,
    known: (keys: string[]) => Promise<Set<string>>
  ): Promise<void> {
    for (const runner of await readdir(this.#incoming)) {
      if (!isAlive(runner))
        await rm(`${this.#incoming}/${runner}`, { recursive: true, force: true })
    }
    const kept = await readdir(this.#uploads)
    const alive = new Set([...new Set(kept.map(runnerOf))].filter(isAlive))
    const keys = kept.filter((key) => !alive.has(runnerOf(key)))
    for (let start = 0; start < keys.length; start += 500) {
      const batch = keys.slice(start, start + 500)
      const named = await known(batch)
      const litter = batch.filter((key) => !named.has(key))
      for (const key of litter) await rm(`${this.#uploads}/${key}`, { force: true })
    }
  }

  /** Takes no more files, and drops those that were arriving. */
  async close(): Promise<void> {
    this.#closed = true
    await rm(`${this.#incoming}/${this.#runnerId}`, { recursive: true, force: true })
  }

  /** Tells whose it is: the task, and the runner that may not yet have written it down. */
  #newKey(taskId: string): string {
    return `${taskId}-${this.#runnerId}-${randomUUID()}`
  }
}

/** The runner that stored a file: the second of the UUIDs that its key consists of. */
function runnerOf(key: string): string {
  return key.slice(37, 73)
}
