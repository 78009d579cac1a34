import SQLite from 'better-sqlite3'
import { join } from 'node:path'

/**
 * Puts so many finished tasks of the last day into the table of a running server, in one statement.
 * Gives the id of the first.
 */
export function addFinished({ data }, count) {
  const table = new SQLite(join(data, 'db.sqlite3'))
  try {
    table.pragma('busy_timeout = 60000')
    table
      .prepare(
        `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?),
           times as (
             select n, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (n % 86400) || ' seconds') as at
             from numbers)
         insert into tasks (id, owner, type, status, input, fingerprint, progress, message, current,
           total, unit, version, claim, attempt, max_attempts, result, created_at, started_at,
           updated_at, finished_at)
         select lower(printf('%08x-%s-4%s-a%s-%s', n, hex(randomblob(2)),
             substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6)))),
           'local', 'simulate',
           case n % 10 when 0 then 'failed' when 1 then 'cancelled' else 'completed' end,
           '{"steps":10,"stepMs":10}', lower(hex(randomblob(32))), 100, 'Step 10 of 10', 10, 10,
           'steps', 12, 1, 1, 1, '{"steps":10}', at, at, at, at
         from times`
      )
      .run(count)
    table.pragma('wal_checkpoint(truncate)')
    return table.prepare("select id from tasks where type = 'simulate' limit 1").pluck().get()
  } finally {
    table.close()
  }
}
