import { once } from 'node:events'
import { join } from 'node:path'
import { ended } from '#lib/tasks'
import { rotated } from '#lib/frames'
import { atMost, versus } from '#lib/figures'
import { createWriteStream, openAsBlob } from 'node:fs'

const ROWS = 1_000_000

/** `import-csv` beside a bare script with the same parse, the same table and the same inserts. */
export default async function importCsv({ servers, rounds, folder }) {
  const csv = join(folder, 'million.csv')
  await writeCsv(csv)
  const figures = { ours: [], bare: [] }
  let data
  for (let round = 0; round < rounds; round++) {
    const server = await servers.headway()
    data ??= server.data
    const contestants = {
      ours: () => importOurs(server, csv),
      bare: () => importBare(servers, csv, { like: join(data, 'db.sqlite3'), folder: server.data }),
    }
    for (const name of rotated(Object.keys(contestants), round)) {
      figures[name][round] = await contestants[name]()
    }
    await server.stop()
  }
  const row = (part) => {
    const [ours, theirs] = [figures.ours, figures.bare].map((list) => list.map((it) => it[part]))
    return { ours, peer: 'bare script', theirs, goal: atMost(1.15) }
  }
  return [
    versus('import-csv, 1,000,000 rows: time', 's', row('time')),
    versus('import-csv, 1,000,000 rows: CPU', 's', row('cpu')),
  ]
}

async function importOurs(server, csv) {
  const form = new FormData()
  form.append('type', 'import-csv')
  form.append('input', '{"dataset":"million"}')
  form.append('file', await openAsBlob(csv), 'million.csv')
  const answer = await fetch(`${server.url}/tasks`, { method: 'POST', body: form })
  // The upload is over; the import has just begun.
  const before = server.cpu
  const { id } = await answer.json()
  const { startedAt, finishedAt, result } = await ended(server, id, 100)
  if (result.rows !== ROWS) throw new Error(`${result.rows} rows were imported`)
  return { time: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000, cpu: server.cpu - before }
}

async function importBare(servers, csv, { like, folder }) {
  const script = join(import.meta.dirname, '../peers/bare_import.js')
  const database = join(folder, 'bare.sqlite3')
  const child = await servers.run([script, csv, database, like, servers.build])
  const { rows, ...figures } = await child.call('run')
  if (rows !== ROWS) throw new Error(`the bare script imported ${rows} rows`)
  await child.stop()
  return figures
}

/** Five columns, about 50 MB. */
async function writeCsv(path) {
  const file = createWriteStream(path)
  file.write('id,name,email,city,amount\n')
  for (let row = 1; row <= ROWS; row++) {
    const line = `${row},Name ${row},name${row}@example.com,"Town, ${row % 500}",${(row * 7) % 1000}.50\n`
    if (!file.write(line)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
