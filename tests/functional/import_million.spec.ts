import SQLite from 'better-sqlite3'
import { test } from '@japa/runner'
import { once } from 'node:events'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { createWriteStream, openAsBlob, readFileSync } from 'node:fs'
import type { Snapshot } from '#engine/snapshot'
import { RawStream } from '#tests/helpers/sse'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'

const ROWS = 1_000_000

/** A million rows of five columns, about 50 MB. */
async function writeCsv(path: string): Promise<void> {
  const file = createWriteStream(path)
  file.write('id,name,email,city,amount\n')
  for (let row = 1; row <= ROWS; row++) {
    const line = `${row},Name ${row},name${row}@example.com,"Town, ${row % 500}",${(row * 7) % 1000}.50\n`
    if (!file.write(line)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** Resident memory in MB, as the kernel counts it. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** The same parse and the same inserts, and nothing else. Gives rows a second. */
async function bareScript(csv: string, folder: string): Promise<number> {
  const script = new URL('../helpers/bare_import.js', import.meta.url)
  const child = spawn(process.execPath, [script.pathname, csv, join(folder, 'bare.sqlite3')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  await once(child, 'close')
  return ROWS / Number(output)
}

test.group('Importing a million rows', () => {
  test('stays small, and says much while writing little', async ({ assert, cleanup }) => {
    const probe = pathToFileURL(join(import.meta.dirname, '../helpers/loop_probe.js')).href
    const server = await ServerProcess.start({
      NODE_OPTIONS: `--import=${probe}`,
      LOAD_HELPERS: '',
    })
    cleanup(() => server.dispose())
    const csv = join(server.folder, 'million.csv')
    await writeCsv(csv)

    const importFile = async (id: string, file: Blob) => {
      const form = new FormData()
      form.append('id', id)
      form.append('type', 'import-csv')
      form.append('input', '{"dataset":"million"}')
      form.append('file', file, 'million.csv')
      const started = await fetch(`${server.url}/tasks`, { method: 'POST', body: form })
      assert.equal(started.status, 202)
    }
    // The first import has its modules loaded, and TypeScript translated on the spot.
    const warmUp = randomUUID()
    await importFile(warmUp, new Blob(['a,b\n']))
    await until(async () => {
      const answer = await fetch(`${server.url}/tasks/${warmUp}`)
      return ((await answer.json()) as Snapshot).finishedAt
    })

    const id = randomUUID()
    const stream = await RawStream.open(server.url)
    cleanup(() => stream.close())
    await stream.subscribe(id)
    const idle = memoryOf(server.pid)
    await server.ask('stall?')

    await importFile(id, await openAsBlob(csv))

    // Versions that appear in the table: each is a write of progress, as commits write none.
    const table = new SQLite(join(server.folder, 'db.sqlite3'), { readonly: true })
    const select = table.prepare('select version from tasks where id = ?').pluck()
    const written = new Set<unknown>()
    let peak = 0
    await until(() => {
      peak = Math.max(peak, memoryOf(server.pid))
      const version = select.get(id)
      if (stream.last(id)?.status === 'processing') written.add(version)
      return stream.last(id)?.finishedAt
    })
    const { stall } = await server.ask<{ stall: number }>('stall?')
    const end = stream.last(id)
    const loaded = table.prepare('select count(*) from dataset_rows').pluck().get()
    table.close()

    assert.equal(end?.status, 'completed')
    assert.equal(end?.current, ROWS)
    assert.equal(loaded, ROWS)
    const grown = peak - idle
    assert.isBelow(grown, 100)

    const seconds = (Date.parse(end?.finishedAt ?? '') - Date.parse(end?.startedAt ?? '')) / 1000
    const progress = stream.of(id).filter(({ status }) => status === 'processing')
    // A change of health is a cut of its own.
    const reports = progress.filter(({ health }, at) => health === progress[at - 1]?.health)
    const times = reports.map(({ updatedAt }) => Date.parse(updatedAt))
    const busiest = Math.max(
      ...times.map((at) => times.filter((t) => t >= at && t < at + 1000).length)
    )
    assert.isAtMost(busiest, 11)
    assert.isAtLeast(written.size - 1, Math.floor(seconds * 0.5))
    // One more for the claim, whose version the table has before the first write of progress.
    assert.isAtMost(written.size - 1, Math.ceil(seconds * 1.2))

    const { rowsPerSecond } = end?.result as { rowsPerSecond: number }
    const bare = await bareScript(csv, server.folder)
    const ratio = (bare / rowsPerSecond).toFixed(2)
    process.stdout.write(
      `    1,000,000 rows in ${seconds.toFixed(1)} s: ${rowsPerSecond} rows/s (bare script ${Math.round(bare)}, ${ratio} x its time), ` +
        `+${grown.toFixed(0)} MB over ${idle.toFixed(0)} MB idle, longest stall ${stall.toFixed(0)} ms, ` +
        `${progress.length} broadcasts (at most ${busiest} a second), ${written.size - 1} writes of progress\n`
    )
  }).timeout(180_000)
})
