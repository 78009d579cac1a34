/*
| Plain Node that keeps no more than two of Headway's promises, as lean as it can: each frame is
| made of the task as it is now, and once a second what changed is stored, in a narrow table with its
| key in the order of writing. It has no limits, owners, repetitions, slow readers or crashes.
| PAYLOAD is a snapshot as Headway serialises it, SQLITE_PATH a database of its own.
*/

import SQLite from 'better-sqlite3'
import { ticking } from './ticker.js'
import { serveStreams } from './streams.js'

const { PAYLOAD, SQLITE_PATH } = process.env
const db = new SQLite(SQLITE_PATH)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = NORMAL')
db.exec(
  `create table tasks (
     seq integer primary key, version integer, progress real, current integer, updated_at text
   )`
)
const insert = db.prepare('insert into tasks (seq) values (?)')
const update = db.prepare(
  'update tasks set version = ?, progress = ?, current = ?, updated_at = ? where seq = ?'
)
const tasks = new Map()
let changed = new Set()

function taskOf(channel) {
  let task = tasks.get(channel)
  if (task) return task
  task = { seq: tasks.size + 1, channel, snapshot: JSON.parse(PAYLOAD) }
  tasks.set(channel, task)
  insert.run(task.seq)
  return task
}

function frameOf({ channel, snapshot }) {
  return `data: {"channel":"${channel}","payload":${JSON.stringify(snapshot)}}\n\n`
}

const write = serveStreams((channel) => frameOf(taskOf(channel)), { isLean: true })
ticking((channel) => {
  const task = taskOf(channel)
  task.snapshot.version++
  task.snapshot.current++
  task.snapshot.progress = task.snapshot.current / 1e4
  task.snapshot.updatedAt = new Date().toISOString()
  changed.add(task)
  write(channel, frameOf(task))
})

const save = db.transaction((saved) => {
  for (const { seq, snapshot } of saved) {
    update.run(snapshot.version, snapshot.progress, snapshot.current, snapshot.updatedAt, seq)
  }
})
setInterval(() => {
  const saved = [...changed].sort((a, b) => a.seq - b.seq)
  changed = new Set()
  save.immediate(saved)
}, 1000)
