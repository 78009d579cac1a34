/*
| The bare script that an import is measured against: the same parse and the same inserts, and
| nothing else. Prints the seconds it took.
*/

import SQLite from 'better-sqlite3'
import { parse } from 'csv-parse'
import { createReadStream } from 'node:fs'

const [csv, database] = process.argv.slice(2)
const db = new SQLite(database)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = NORMAL')
db.exec(
  'create table dataset_rows (task_id, dataset, line integer, data text, primary key (task_id, line))'
)
const insert = db.prepare('insert into dataset_rows values (?, ?, ?, ?)')
const insertAll = db.transaction((rows) => {
  for (const [line, values] of rows) insert.run('task', 'bare', line, JSON.stringify(values))
})

const since = performance.now()
let rows = []
let line = 1
for await (const values of createReadStream(csv).pipe(parse({ columns: true }))) {
  rows.push([++line, values])
  if (rows.length === 500) {
    insertAll(rows)
    rows = []
  }
}
insertAll(rows)
process.stdout.write(String((performance.now() - since) / 1000))
