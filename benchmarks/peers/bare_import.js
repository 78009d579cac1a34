/*
| The bare script that an import is measured beside: the parse, the table and the inserts of
| Headway, and nothing else. `like` is a database of Headway's, which has the table.
*/

import { randomUUID } from 'node:crypto'
import SQLite from 'better-sqlite3'
import { answering } from '#lib/calls'

const [csv, database, like, build] = process.argv.slice(2)
const { readCsv } = await import(`${build}/app/tasks/csv/read_csv.js`)
const { detectDialect } = await import(`${build}/app/tasks/csv/detect_dialect.js`)

const db = new SQLite(database)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = NORMAL')
db.pragma('foreign_keys = ON')
const headway = new SQLite(like, { readonly: true })
const schema = `select sql from sqlite_master where tbl_name = 'dataset_rows' and sql is not null`
for (const sql of headway.prepare(schema).pluck().all()) db.exec(sql)
headway.close()

answering({
  async run() {
    const before = process.cpuUsage()
    const since = performance.now()
    const rows = await load()
    const { user, system } = process.cpuUsage(before)
    return { rows, time: (performance.now() - since) / 1000, cpu: (user + system) / 1e6 }
  },
})
process.send('ready')

async function load() {
  const id = randomUUID()
  const insert = db.prepare(
    `insert into dataset_rows (task_id, dataset, line, data)
     select ?, ?, value ->> 0, value -> 1 from json_each(?)`
  )
  let count = 0
  for await (const { rows } of readCsv(csv, { dialect: await detectDialect(csv, {}) })) {
    insert.run(id, 'bare', JSON.stringify(rows.map(({ line, values }) => [line, values])))
    count += rows.length
  }
  return count
}
