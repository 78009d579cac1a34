import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Snapshot } from '#engine/snapshot'
import { startImport } from '#tests/helpers/import_file'
import { RawStream } from '#tests/helpers/sse'
import { until } from '#tests/helpers/waiting'
import { ServerProcess } from '#tests/helpers/server_process'

const COLUMNS = 9000

const names = Array.from({ length: COLUMNS }, (_, column) => `column${column}`)

/** Megabytes of resident memory, as the kernel counts them. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

test.group('Importing large rows', () => {
  test('{title} are loaded piece by piece: memory stays small, progress begins early and is true')
    .with([
      {
        title: 'rows of many columns',
        file: () => `${names}\n${`${'1,'.repeat(COLUMNS - 1)}1\n`.repeat(900)}`,
        rows: 900,
      },
      {
        title: 'rows of many bytes',
        file: () => `a,b\n${`1,${'x'.repeat(500_000)}\n`.repeat(120)}`,
        rows: 120,
      },
    ])
    .run(async ({ assert, cleanup }, { file, rows }) => {
      const server = await ServerProcess.start({ LOAD_HELPERS: '' })
      cleanup(() => server.dispose())
      const id = randomUUID()
      const stream = await RawStream.open(server.url)
      cleanup(() => stream.close())
      await stream.subscribe(id)
      const idle = memoryOf(server.pid)

      await startImport(server.url, file(), id)
      let peak = 0
      const end = await until(() => {
        peak = Math.max(peak, memoryOf(server.pid))
        const last = stream.last(id)
        return last?.finishedAt ? last : null
      })

      assert.deepEqual([end.status, end.current], ['completed', rows])
      assert.isBelow(peak - idle, 250)
      const reports = stream.of(id).filter(({ progress }) => progress !== null) as Counted[]
      assert.isBelow(reports[0].progress, 20)
      // All rows are alike, so the share of the rows is that of the bytes.
      for (const { progress, current } of reports) {
        assert.closeTo(progress, (current / rows) * 100, 2)
      }
    })
    .timeout(120_000)
    .skip(process.platform !== 'linux', 'memory is read from /proc')
})

type Counted = Snapshot & { progress: number; current: number }
