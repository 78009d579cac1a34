import { once } from 'node:events'
import { join } from 'node:path'
import { ended } from '#lib/tasks'
import { atMost, versus } from '#lib/figures'
import { createWriteStream, openAsBlob } from 'node:fs'

const ROWS = 1_000_000

/**
 * `import-csv` beside a bare script with the same parse, the same table and the same inserts. Both at
 * the same time, one on each of two cores: one after the other, each by itself varies by a third.
 */
export default async function importCsv({ servers, rounds, folder }) {
  const csv = join(folder, 'million.csv')
  await writeCsv(csv)
  const figures = { ours: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    const server = await servers.headway()
    const script = await bareScript(servers, csv, server.data)
    // The upload is over; the import has just begun.
    const { id, cpu } = await upload(server, csv)
    const [ours, bare] = await Promise.all([imported(server, id, cpu), script.call('run')])
    if (bare.rows !== ROWS) throw new Error(`the bare script imported ${bare.rows} rows`)
    figures.ours[round] = ours
    figures.bare[round] = bare
    await script.stop()
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

/** Gives the id of the import, and the CPU that the server had used as it began. */
async function upload(server, csv) {
  const form = new FormData()
  form.append('type', 'import-csv')
  form.append('input', '{"dataset":"million"}')
  form.append('file', await openAsBlob(csv), 'million.csv')
  const answer = await fetch(`${server.url}/tasks`, { method: 'POST', body: form })
  const { cpu } = server
  const { id } = await answer.json()
  return { id, cpu }
}

async function imported(server, id, before) {
  const { startedAt, finishedAt, result } = await ended(server, id, 100)
  if (result.rows !== ROWS) throw new Error(`${result.rows} rows were imported`)
  return { time: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000, cpu: server.cpu - before }
}

/** Takes the table from the database in `data`, and stores its own there. */
function bareScript(servers, csv, data) {
  const script = join(import.meta.dirname, '../peers/bare_import.js')
  const [database, like] = ['bare.sqlite3', 'db.sqlite3'].map((name) => join(data, name))
  return servers.run([script, csv, database, like, servers.build])
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
