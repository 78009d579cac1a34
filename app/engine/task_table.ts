import { execute } from '#engine/execute'
import { POISON_AFTER, SUSPECT_AFTER } from '#engine/poison'
import { TaskIdTaken } from '#engine/errors'
import { sourcesOf, type TaskStatus } from '#engine/status'
import type { StoredFileData } from '#engine/stored_file'
import type { Database } from '@adonisjs/lucid/database'
import type { TransactionClientContract } from '@adonisjs/lucid/types/database'
import { progressStatements, reported, type UnsavedProgress } from '#engine/progress_statements'
import { storedTask, type StoredTask } from '#engine/stored_task'
import { now, queued, yieldsToCancel, type TaskFailure, type TaskState } from '#engine/task_state'

/** Added to the version of a recovered task, so that it exceeds all that any client saw. */
const RECOVERY_JUMP = 2 ** 20

/** Rows of one read: below what a statement may bind, and short enough for the event loop. */
const READ_AT_ONCE = 500

/** Whether a waiting task may run beside what runs; bound to `suspectsUntil`. */
const mayRun = `(interruptions < ${SUSPECT_AFTER} or updated_at < ?)`

export interface NewTask {
  readonly id: string
  readonly owner: string
  readonly type: string
  readonly input: unknown
  readonly file: StoredFileData | null
  /** SHA-256 of type, input and file: tells a repeated request from another one. */
  readonly fingerprint: string
  readonly maxAttempts: number
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601. */
  readonly expiresAt: string | null
}

export interface Inserted {
  readonly task: StoredTask
  /** `false` for one that the same request has made before. */
  readonly isNew: boolean
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
   * Inserts queued tasks. Gives the `seq` of each, by its id; one whose id is taken, or has a
   * tombstone, is left out.
   */
  async insert(
    tasks: readonly NewTask[],
    trx?: TransactionClientContract
  ): Promise<Map<string, number>> {
    const columns = Object.keys(startColumns)
    const rows: { id: string; seq: number }[] = await (trx ?? this.#db).rawQuery(
      `insert into tasks (${columns.join(', ')})
       select ${columns.map((name) => `r.value ->> '${name}'`).join(', ')} from json_each(?) as r
       where not exists (select 1 from tombstones where id = r.value ->> 'id')
       on conflict (id) do nothing returning id, seq`,
      [JSON.stringify(tasks.map(rowOf))]
    )
    return new Map(rows.map(({ id, seq }) => [id, Number(seq)]))
  }

  /** The task that has the id of this one. Throws `TaskIdTaken` if it was started with another body. */
  async findSame(
    { id, owner, fingerprint }: NewTask,
    trx?: TransactionClientContract
  ): Promise<StoredTask> {
    const task = await this.find(id, trx)
    if (task?.fingerprint !== fingerprint || task.owner !== owner) throw new TaskIdTaken(id)
    return task
  }

  async find(id: string, trx?: TransactionClientContract): Promise<StoredTask | null> {
    const row = await (trx ?? this.#db).from('tasks').where('id', id).first()
    return row ? storedTask(row) : null
  }

  /** Those of many that exist. */
  async findMany(ids: readonly string[]): Promise<StoredTask[]> {
    const tasks: StoredTask[] = []
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      const some = ids.slice(from, from + READ_AT_ONCE)
      const rows = await this.#db.from('tasks').whereIn('id', some)
      tasks.push(...rows.map(storedTask))
    }
    return tasks
  }

  /** Newest first. */
  async list(page: Page): Promise<StoredTask[]> {
    const query = this.#db
      .from('tasks')
      .where('owner', page.owner)
      .orderBy('seq', 'desc')
      .limit(page.limit)
    if (page.status) query.where('status', page.status)
    if (page.type) query.where('type', page.type)
    if (page.before) query.where('seq', '<', page.before)
    const rows = await query
    return rows.map(storedTask)
  }

  async countQueued(): Promise<number> {
    const row = await this.#db.from('tasks').where('status', 'queued').count('* as count').first()
    return Number(row?.count ?? 0)
  }

  /** Which of these upload keys a task names. Such a key starts with the id of its task. */
  async keysInUse(keys: readonly string[]): Promise<Set<string>> {
    const ids = keys.map((key) => key.slice(0, 36))
    const rows = await this.#db.from('tasks').select('file').whereIn('id', ids).whereNotNull('file')
    return new Set(rows.map(({ file }) => (JSON.parse(file) as StoredFileData).key))
  }

  /**
   * queued → processing: a task whose next attempt is due, else the one that has waited longest.
   * Of the suspects those only that have waited since before `suspectsUntil`. `null` when none waits.
   */
  async claim(
    runnerId: string,
    { suspectsUntil }: { suspectsUntil: Date }
  ): Promise<StoredTask | null> {
    const time = now()
    const until = suspectsUntil.toISOString()
    const changing = this.#changing('processing').whereRaw(
      `id = coalesce(
         (select id from tasks where status = 'queued' and next_attempt_at <= ?
          and ${mayRun} order by next_attempt_at, seq limit 1),
         (select id from tasks where status = 'queued' and next_attempt_at is null
          and (expires_at is null or expires_at > ?) and ${mayRun} order by seq limit 1))`,
      [time, until, time, until]
    )
    const fresh = (column: string) =>
      this.#db.raw(`case when checkpoint is null then null else ?? end`, [column])
    const [row] = await changing.update({
      status: 'processing',
      version: this.#db.raw('version + 1'),
      claim: this.#db.raw('claim + 1'),
      attempt: this.#db.raw('attempt + 1'),
      runner_id: runnerId,
      next_attempt_at: null,
      expires_at: null,
      error: null,
      // Without a checkpoint it begins again.
      progress: fresh('progress'),
      message: fresh('message'),
      current: fresh('current'),
      total: fresh('total'),
      started_at: time,
      updated_at: time,
    })
    return row ? storedTask(row) : null
  }

  /** When the next attempt of a waiting task that `claim` would take is due, as ISO 8601. */
  async nextDue({ suspectsUntil }: { suspectsUntil: Date }): Promise<string | null> {
    const row = await this.#db
      .from('tasks')
      .where('status', 'queued')
      .whereNotNull('next_attempt_at')
      .whereRaw(mayRun, [suspectsUntil.toISOString()])
      .orderBy('next_attempt_at')
      .select('next_attempt_at')
      .first()
    return row?.next_attempt_at ?? null
  }

  /**
   * Notes that a task shall stop: a waiting one is cancelled at once (`wasWaiting`), a running one is
   * marked. Gives the task as it is then, `null` for an unknown id.
   */
  async requestCancel(id: string): Promise<{ task: StoredTask | null; wasWaiting: boolean }> {
    const time = now()
    const ifWaiting = (then: string, otherwise: string, bindings: string[] = []) =>
      this.#db.raw(`case status when 'queued' then ${then} else ${otherwise} end`, bindings)
    // One statement: its attempt may end, or another one begin, at any moment.
    const [row] = await this.#changing('cancelled')
      .where({ id })
      .update({
        status: ifWaiting("'cancelled'", 'status'),
        version: ifWaiting('version + 1', 'version'),
        error: null,
        next_attempt_at: null,
        cancel_requested_at: this.#db.raw('coalesce(cancel_requested_at, ?)', [time]),
        updated_at: ifWaiting('?', 'updated_at', [time]),
        finished_at: ifWaiting('?', 'null', [time]),
      })
    const task = row ? storedTask(row) : await this.find(id)
    return { task, wasWaiting: row?.status === 'cancelled' }
  }

  /** Which running tasks shall stop, and since when: it may have been said in another process. */
  async cancelRequests(): Promise<{ id: string; at: string }[]> {
    const rows = await this.#db
      .from('tasks')
      .where('status', 'processing')
      .whereNotNull('cancel_requested_at')
      .select('id', 'cancel_requested_at')
    return rows.map((row) => ({ id: row.id, at: row.cancel_requested_at }))
  }

  /**
   * processing → what the run left: terminal, or queued for another attempt. Gives the state as it is
   * then: that the task shall stop may have been said in another process. `null` when the run is
   * fenced off, or when the task was asked to stop and would end otherwise for the server's sake
   * (`yieldsToCancel`).
   */
  async finish(state: TaskState, claim: number): Promise<TaskState | null> {
    const query = this.#changing(state.status).where({ id: state.id, claim, status: 'processing' })
    if (yieldsToCancel(state)) query.whereNull('cancel_requested_at')
    const [row] = await query.update({
      status: state.status,
      result: state.result === null ? null : JSON.stringify(state.result),
      error: state.error === null ? null : JSON.stringify(state.error),
      max_attempts: state.maxAttempts,
      next_attempt_at: state.nextAttemptAt,
      finished_at: state.finishedAt,
      ...reported(state),
    })
    return row ? { ...state, cancelRequestedAt: row.cancel_requested_at } : null
  }

  /**
   * Writes what tasks reported last, where the run is still the claimed one. In the order of the
   * table it is fastest: what shares a page is written at once.
   */
  async saveProgress(changed: readonly UnsavedProgress[]): Promise<void> {
    // All are made now: what is reported meanwhile is for the next write.
    const statements = progressStatements(changed)
    for (const { sql, bindings } of statements) await execute(this.#db, sql, bindings)
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
    const rows: unknown[] = await trx.rawQuery(
      `update tasks set checkpoint = ?, interruptions = 0
       where id = ? and claim = ? and status = 'processing' returning id`,
      [JSON.stringify(checkpoint), run.id, run.claim]
    )
    return rows.length === 1
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
   * Takes from a dead runner what it left: cancelled if that was asked for, else queued again where
   * that is safe (see `LongTask`), else failed with `error`. The attempt doesn't count. The version
   * jumps ahead of everything that was told and not written.
   */
  async recover(runnerId: string, error: TaskFailure): Promise<StoredTask[]> {
    const time = now()
    const to = `case when cancel_requested_at is not null then 'cancelled'
      when (checkpoint is not null or max_attempts > 1) and interruptions + 1 < ${POISON_AFTER}
      then 'queued' else 'failed' end`
    const when = (status: TaskStatus, value: string, bindings: string[]) =>
      this.#db.raw(`case when (${to}) = '${status}' then ${value} end`, bindings)
    const rows = await this.#changing('failed')
      .where({ status: 'processing', runner_id: runnerId })
      .update({
        status: this.#db.raw(to),
        error: when('failed', '?', [JSON.stringify(error)]),
        version: this.#db.raw('version + ?', [RECOVERY_JUMP]),
        claim: this.#db.raw('claim + 1'),
        interruptions: this.#db.raw('interruptions + 1'),
        max_attempts: this.#db.raw(`max_attempts + case when (${to}) = 'queued' then 1 else 0 end`),
        rate: null,
        eta_seconds: null,
        eta_basis: null,
        updated_at: time,
        finished_at: this.#db.raw(`case when (${to}) = 'queued' then null else ? end`, [time]),
      })
    return rows.map(storedTask)
  }

  /**
   * Fails the tasks that waited too long for their first attempt. Looks first: an update takes the
   * write lock even when it changes nothing.
   */
  async expire(error: TaskFailure): Promise<StoredTask[]> {
    const time = now()
    const due = this.#db.from('tasks').where('status', 'queued').where('expires_at', '<=', time)
    if (!(await due.select('id').first())) return []
    const rows = await this.#changing('failed')
      .where('status', 'queued')
      .where('expires_at', '<=', time)
      .update({
        status: 'failed',
        error: JSON.stringify(error),
        version: this.#db.raw('version + 1'),
        updated_at: time,
        finished_at: time,
      })
    return rows.map(storedTask)
  }

  /** Lucid leaves `returning` out on SQLite, which has it; hence on the query below. */
  #changing(to: TaskState['status']) {
    const query = this.#db.from('tasks').whereIn('status', sourcesOf(to))
    query.knexQuery.returning('*')
    return query
  }
}

/** What a task begins with, as columns. */
const startColumns = {
  id: 'id',
  owner: 'owner',
  type: 'type',
  status: 'status',
  version: 'version',
  input: 'input',
  file: 'file',
  fingerprint: 'fingerprint',
  max_attempts: 'maxAttempts',
  expires_at: 'expiresAt',
  created_at: 'createdAt',
  updated_at: 'updatedAt',
} as const

function rowOf(task: NewTask): Record<string, unknown> {
  const file = task.file && JSON.stringify(task.file)
  const row = { ...queued(task), ...task, input: JSON.stringify(task.input), file }
  return Object.fromEntries(Object.entries(startColumns).map(([name, key]) => [name, row[key]]))
}
