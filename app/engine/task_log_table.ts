import TaskLog from '#models/task_log'
import type { Database } from '@adonisjs/lucid/database'
import { KEPT_LINES, type LogLevel, type LogLine, type RunLog } from '#engine/run_log'

/** Lines of one statement: a few milliseconds. */
const AT_ONCE = 500

/** Every statement on `task_logs`. */
export class TaskLogTable {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Writes lines; those of a run that is no longer the claimed one are left out. */
  async insert(batch: readonly { log: RunLog; lines: readonly LogLine[] }[]): Promise<void> {
    const rows = batch.flatMap(({ log: { id, claim }, lines }) =>
      lines.map((line) => ({ id, claim, ...line }))
    )
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      await this.#db.rawQuery(
        `insert into task_logs (task_id, seq, attempt, level, message, time)
         select tasks.id, r.value ->> 'seq', r.value ->> 'attempt', r.value ->> 'level',
           r.value ->> 'message', r.value ->> 'time'
         from json_each(?) as r
         join tasks on tasks.id = r.value ->> 'id' and tasks.claim = r.value ->> 'claim'
         where true on conflict do nothing`,
        [JSON.stringify(rows.slice(from, from + AT_ONCE))]
      )
    }
  }

  /** Leaves the newest lines of each task. */
  async prune(taskIds: readonly string[]): Promise<void> {
    if (taskIds.length === 0) return
    await this.#db.rawQuery(
      `delete from task_logs where (task_id, seq) in (
         select task_id, seq from json_each(?) as t join task_logs on task_id = t.value
         where seq <= (select seq from task_logs where task_id = t.value
           order by seq desc limit 1 offset ${KEPT_LINES}))`,
      [JSON.stringify(taskIds)]
    )
  }

  async page(taskId: string, after: number, limit: number): Promise<LogLine[]> {
    const lines = await TaskLog.query()
      .where('task_id', taskId)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
    return lines.map(({ seq, attempt, level, message, time }) => ({
      seq,
      attempt,
      level: level as LogLevel,
      message,
      time: time.toUTC().toISO() as string,
    }))
  }
}
