import Task from '#models/task'
import { TaskIdTaken } from '#engine/errors'
import { sourcesOf } from '#engine/status'
import type { StoredFileData } from '#engine/stored_file'
import type { Database } from '@adonisjs/lucid/database'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'
import { now, type TaskFailure, type TaskState } from '#engine/task_state'

/** Added to the version of a recovered task, so that it exceeds all that any client saw. */
const RECOVERY_JUMP = 2 ** 20

export interface NewTask {
  readonly id: string
  readonly owner: string
  readonly type: string
  readonly input: unknown
  readonly file: StoredFileData | null
  /** SHA-256 of type, input and file: tells a repeated request from another one. */
  readonly fingerprint: string
}

export interface Page {
  readonly owner: string
  readonly status?: string
  readonly type?: string
  /** Only tasks that were created before the one with this `seq`. */
  readonly before?: number
  readonly limit: number
}

/**
 * Every statement on `tasks`. Guarantees that a status changes only along the transition table, by
 * compare-and-set, and that each write of a run carries its claim.
 */
export class TaskTable {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Inserts a queued task. When the id exists already, gives that one if it was started with the
   * same body, else throws `TaskIdTaken`.
   */
  async insert(task: NewTask): Promise<{ task: Task; isNew: boolean }> {
    const time = now()
    const rows = await this.#db
      .insertQuery()
      .table('tasks')
      .knexQuery.insert({
        ...task,
        input: JSON.stringify(task.input),
        file: task.file && JSON.stringify(task.file),
        status: 'queued',
        version: 1,
        created_at: time,
        updated_at: time,
      })
      .onConflict('id')
      .ignore()
      .returning('*')
    if (rows[0]) return { task: hydrate(rows[0]), isNew: true }

    const existing = await Task.findOrFail(task.id)
    if (existing.fingerprint !== task.fingerprint || existing.owner !== task.owner) {
      throw new TaskIdTaken(task.id)
    }
    return { task: existing, isNew: false }
  }

  async find(id: string): Promise<Task | null> {
    return Task.find(id)
  }

  /** Newest first. */
  async list(page: Page): Promise<Task[]> {
    const query = Task.query().where('owner', page.owner).orderBy('seq', 'desc').limit(page.limit)
    if (page.status) query.where('status', page.status)
    if (page.type) query.where('type', page.type)
    if (page.before) query.where('seq', '<', page.before)
    return query
  }

  async countQueued(): Promise<number> {
    const row = await this.#db.from('tasks').where('status', 'queued').count('* as count').first()
    return Number(row?.count ?? 0)
  }

  /** Which of these upload keys a task names. Such a key starts with the id of its task. */
  async keysInUse(keys: readonly string[]): Promise<Set<string>> {
    const ids = keys.map((key) => key.slice(0, 36))
    const tasks = await Task.query().select('id', 'file').whereIn('id', ids)
    return new Set(tasks.map((task) => (task.file as StoredFileData | null)?.key ?? ''))
  }

  /** queued → processing, for the task that has waited longest. `null` when none waits. */
  async claim(runnerId: string): Promise<Task | null> {
    const time = now()
    const [row] = await this.#changing('processing')
      .whereIn(
        'seq',
        this.#db.from('tasks').select('seq').where('status', 'queued').orderBy('seq').limit(1)
      )
      .update({
        status: 'processing',
        version: this.#db.raw('version + 1'),
        claim: this.#db.raw('claim + 1'),
        attempt: this.#db.raw('attempt + 1'),
        runner_id: runnerId,
        started_at: time,
        updated_at: time,
      })
    return row ? hydrate(row) : null
  }

  /**
   * Notes that a task shall stop: a queued one is cancelled at once, a running one is marked. Gives
   * the task as it is then, `null` for an unknown id.
   */
  async requestCancel(id: string): Promise<Task | null> {
    const time = now()
    const [cancelled] = await this.#changing('cancelled')
      .where({ id, status: 'queued' })
      .update({
        status: 'cancelled',
        version: this.#db.raw('version + 1'),
        cancel_requested_at: time,
        updated_at: time,
        finished_at: time,
      })
    if (cancelled) return hydrate(cancelled)
    await this.#db
      .from('tasks')
      .where({ id, status: 'processing' })
      .whereNull('cancel_requested_at')
      .update({ cancel_requested_at: time })
    return this.find(id)
  }

  /** processing → a terminal status, as the run left it. `false` when the run is fenced off. */
  async finish(state: TaskState, claim: number): Promise<boolean> {
    const rows = await this.#changing(state.status)
      .where({ id: state.id, claim, status: 'processing' })
      .update({
        status: state.status,
        result: state.result === null ? null : JSON.stringify(state.result),
        error: state.error === null ? null : JSON.stringify(state.error),
        finished_at: state.finishedAt,
        ...reported(state),
      })
    return rows.length === 1
  }

  /** One statement that writes what all the changed tasks reported last. */
  async saveProgress(changed: readonly { state: TaskState; claim: number }[]): Promise<void> {
    const rows = changed.map(({ state, claim }) => ({ id: state.id, claim, ...reported(state) }))
    const columns = Object.keys(reportedColumns)
    // The `+` keeps SQLite from going by the index of `status`, which reads all the JSON for each task.
    await this.#db.rawQuery(
      `update tasks set ${columns.map((name) => `${name} = r.value ->> '${name}'`).join(', ')}
       from json_each(?) as r
       where tasks.id = r.value ->> 'id' and tasks.claim = r.value ->> 'claim'
         and +tasks.status = 'processing' and tasks.version < r.value ->> 'version'`,
      [JSON.stringify(rows)]
    )
  }

  /**
   * The fence of a commit, its first statement: writes the checkpoint if the run is still the
   * claimed one, else gives `false`.
   */
  async saveCheckpoint(
    run: { id: string; claim: number },
    checkpoint: unknown,
    trx: TransactionClientContract
  ): Promise<boolean> {
    const count: unknown = await trx
      .from('tasks')
      .where({ id: run.id, claim: run.claim, status: 'processing' })
      .update({ checkpoint: JSON.stringify(checkpoint) })
    return Number(count) === 1
  }

  /** The runners that hold a task. */
  async activeRunners(): Promise<string[]> {
    const rows = await this.#db
      .from('tasks')
      .where('status', 'processing')
      .whereNotNull('runner_id')
      .distinct('runner_id')
    return rows.map((row) => row.runner_id)
  }

  /**
   * Ends what a dead runner left: cancelled if that was asked for, else failed with `error`. The
   * version jumps ahead of everything that was told and not written.
   */
  async endOrphans(runnerId: string, error: TaskFailure): Promise<Task[]> {
    const time = now()
    const asked = 'cancel_requested_at is not null'
    const rows = await this.#changing('failed')
      .where({ status: 'processing', runner_id: runnerId })
      .update({
        status: this.#db.raw(`case when ${asked} then 'cancelled' else 'failed' end`),
        error: this.#db.raw(`case when ${asked} then null else ? end`, [JSON.stringify(error)]),
        version: this.#db.raw('version + ?', [RECOVERY_JUMP]),
        claim: this.#db.raw('claim + 1'),
        updated_at: time,
        finished_at: time,
      })
    return rows.map(hydrate)
  }

  /** Lucid leaves `returning` out on SQLite, which has it; hence on the query below. */
  #changing(to: TaskState['status']) {
    const query = this.#db.from('tasks').whereIn('status', sourcesOf(to))
    query.knexQuery.returning('*')
    return query
  }
}

/** What a report changes, as columns. */
const reportedColumns = {
  progress: 'progress',
  message: 'message',
  current: 'current',
  total: 'total',
  unit: 'unit',
  rate: 'rate',
  eta_seconds: 'etaSeconds',
  eta_basis: 'etaBasis',
  version: 'version',
  updated_at: 'updatedAt',
} as const satisfies Record<string, keyof TaskState>

function reported(state: TaskState): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(reportedColumns).map(([column, key]) => [column, state[key]])
  )
}

function hydrate(row: Record<string, unknown>): Task {
  return Task.$createFromAdapterResult(row) as Task
}
