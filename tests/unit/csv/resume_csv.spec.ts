import { open, readdir, readlink } from 'node:fs/promises'
import { test } from '@japa/runner'
import fc from 'fast-check'
import { detectDialect } from '#tasks/csv/detect_dialect'
import { readCsv } from '#tasks/csv/read_csv'
import type { CsvCursor, CsvRejection, CsvRow } from '#tasks/csv/csv_types'
import { csvFile, readAll } from '#tests/unit/csv/helpers'

/** How many descriptors of this process are open on the file. */
async function openHandles(path: string): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  )
  return links.filter((link) => link === path).length
}

/** Runs `work` and returns how many bytes were read from files meanwhile. */
async function bytesReadBy(work: () => Promise<unknown>, path: string): Promise<number> {
  const handle = await open(path)
  const prototype = Object.getPrototypeOf(handle) as {
    read: (...args: unknown[]) => Promise<{ bytesRead: number }>
  }
  await handle.close()
  const { read } = prototype
  let count = 0
  prototype.read = async function (...args) {
    const result = await read.apply(this, args)
    count += result.bytesRead
    return result
  }
  try {
    await work()
  } finally {
    prototype.read = read
  }
  return count
}

/** Reads the file with a new reader for every single batch, the cursor taken through JSON. */
async function readResuming(path: string, batchRows: number, delimiter: string) {
  const rows: CsvRow[] = []
  const rejected: CsvRejection[] = []
  const dialect = await detectDialect(path, { delimiter })
  let cursor: CsvCursor | undefined
  let error: unknown
  try {
    for (;;) {
      const reader = readCsv(path, { dialect, cursor, batchRows })
      const { value: batch } = await reader.next()
      await reader.return(undefined)
      if (batch === undefined) break
      rows.push(...batch.rows)
      rejected.push(...batch.rejected)
      cursor = JSON.parse(JSON.stringify(batch.cursor)) as CsvCursor
    }
  } catch (fault) {
    error = fault
  }
  return { rows, rejected, error }
}

const value = fc.oneof(
  fc.string({
    maxLength: 8,
    unit: fc.constantFrom('a', 'b', ' ', ',', ';', '\t', '|', '"', '\n', '\r', '\r\n', 'é', 'ÿ'),
  }),
  fc.constantFrom('', 'plain', '__proto__')
)
const table = fc.record({
  columns: fc.integer({ min: 1, max: 4 }),
  records: fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { maxLength: 25 }),
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  end: fc.constantFrom('\n', '\r\n', '\r'),
  encoding: fc.constantFrom('utf8', 'utf16le', 'latin1'),
  bom: fc.boolean(),
  endsWithBreak: fc.boolean(),
  batchRows: fc.integer({ min: 1, max: 5 }),
})

test.group('Going on behind a batch', () => {
  test('any table in any dialect comes back as it was written, in one go and with a resume at every batch', async ({
    assert,
  }) => {
    await fc.assert(
      fc.asyncProperty(
        table,
        async ({ columns, records, delimiter, end, encoding, bom, endsWithBreak, batchRows }) => {
          const header = Array.from({ length: columns }, (_, index) => `kolumné ${index}`)
          const cut = records.map((record) => record.slice(0, columns))
          const quoted = cut.map((record) =>
            record.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)
          )
          const text = [header.join(delimiter), ...quoted].join(end) + (endsWithBreak ? end : '')
          const withMark = bom && encoding !== 'latin1'
          const file = await csvFile(Buffer.from((withMark ? '\ufeff' : '') + text, encoding))
          try {
            const whole = await readAll(file.path, { batchRows, delimiter })
            const pieces = await readResuming(file.path, batchRows, delimiter)
            let line = 2
            const expected = cut.map((record) => {
              const start = line
              line +=
                1 + record.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0)
              return {
                line: start,
                values: Object.fromEntries(record.map((cell, index) => [header[index], cell])),
              }
            })
            assert.deepEqual(
              { rows: whole.rows, rejected: whole.rejected, error: whole.error },
              { rows: expected as CsvRow[], rejected: [], error: undefined }
            )
            assert.deepEqual(pieces, {
              rows: whole.rows,
              rejected: whole.rejected,
              error: whole.error,
            })
            assert.isTrue(whole.batches.every((batch) => batch.rows.length <= batchRows))
          } finally {
            await file.remove()
          }
        }
      ),
      { numRuns: 300 }
    )
  })

  test('any text behind a header gives the same with a resume at every batch, and no line is lost', async ({
    assert,
  }) => {
    const line = fc.string({
      maxLength: 12,
      unit: fc.constantFrom('a', ',', ',', '"', '"', ' ', 'é', '\r'),
    })
    const input = fc.record({
      lines: fc.array(fc.oneof(line, fc.constant('1,2')), { maxLength: 30 }),
      end: fc.constantFrom('\n', '\r\n', '\r'),
      encoding: fc.constantFrom('utf8', 'utf16le'),
      batchRows: fc.integer({ min: 1, max: 3 }),
    })
    let faults = 0
    await fc.assert(
      fc.asyncProperty(input, async ({ lines, end, encoding, batchRows }) => {
        const text = ['é,b', ...lines].join(end)
        const file = await csvFile(Buffer.from(text, encoding))
        try {
          const whole = await readAll(file.path, { batchRows, delimiter: ',' })
          const pieces = await readResuming(file.path, batchRows, ',')
          assert.deepEqual(pieces.rows, whole.rows)
          assert.deepEqual(pieces.rejected, whole.rejected)
          assert.equal(String(pieces.error), String(whole.error))
          if (whole.error !== undefined) faults++
          const physical = text.split(/\r\n|\r|\n/)
          const covered = new Set<number>([1])
          for (const row of whole.rows) {
            const breaks =
              Object.values(row.values)
                .join(',')
                .match(/\r\n|\r|\n/g)?.length ?? 0
            for (let at = row.line; at <= row.line + breaks; at++) covered.add(at)
          }
          for (const { line: start, reason } of whole.rejected) {
            const last = Number(/to line (\d+)/.exec(reason)?.[1] ?? start)
            for (let at = start; at <= last; at++) covered.add(at)
          }
          const error =
            whole.error instanceof Error && 'line' in whole.error
              ? Number(whole.error.line)
              : Infinity
          for (const [index, content] of physical.entries()) {
            if (
              content.replace(/^"\s+"$/, '').trim() !== '' &&
              index + 1 < error &&
              !covered.has(index + 1)
            ) {
              // The lines of the record in which the quote opened, ahead of it.
              assert.notEqual(error, Infinity, `line ${index + 1} is neither given nor rejected`)
            }
          }
        } finally {
          await file.remove()
        }
      }),
      { numRuns: 400 }
    )
    assert.isAbove(faults, 0)
  })

  test('verdicts on records about 1 MiB are the same wherever the reading began', async ({
    assert,
  }) => {
    const long = (length: number) => `"${'x'.repeat(length)}"`
    const size = 1024 * 1024
    const lines = [
      'a,b',
      '1,2',
      `3,${long(size - 4)}`,
      `3,${long(size - 5)}`,
      '5,6',
      `7,${long(size - 3)}y`,
      '8,"9"z',
      `1,${'y'.repeat(size + 40)}`,
      '3,4',
    ]
    const file = await csvFile(lines.join('\r\n'))
    const whole = await readAll(file.path, { batchRows: 1, delimiter: ',' })
    const pieces = await readResuming(file.path, 1, ',')
    await file.remove()
    assert.deepEqual(pieces.rejected, whole.rejected)
    assert.deepEqual(
      pieces.rows.map((row) => row.line),
      whole.rows.map((row) => row.line)
    )
    assert.equal(String(pieces.error), String(whole.error))
  })

  test('only what remains is read from the file', async ({ assert }) => {
    const file = await csvFile(`a,b\n${'1,2\n'.repeat(100_000)}`)
    const { batches } = await readAll(file.path, { batchRows: 1000 })
    const { cursor } = batches[90] ?? { cursor: undefined }
    assert.isDefined(cursor)
    const count = await bytesReadBy(async () => {
      const read = await readAll(file.path, { cursor, batchRows: 1000 })
      assert.lengthOf(read.rows, 9000)
    }, file.path)
    assert.equal(count, 9000 * 4)
    assert.isBelow(JSON.stringify(cursor).length, 200)
    await file.remove()
  })
})

test.group('Leaving a CSV file early', () => {
  test('a break closes the file, and little more than the batch was read', async ({ assert }) => {
    const file = await csvFile(`a,b\n${'1,2\n'.repeat(500_000)}`)
    const dialect = await detectDialect(file.path)
    const count = await bytesReadBy(async () => {
      for await (const batch of readCsv(file.path, { dialect, batchRows: 10 })) {
        assert.lengthOf(batch.rows, 10)
        assert.equal(await openHandles(file.path), 1)
        break
      }
    }, file.path)
    assert.isAtMost(count, 64 * 1024)
    assert.equal(await openHandles(file.path), 0)
    await file.remove()
  })

  test('a consumer that throws closes the file', async ({ assert }) => {
    const file = await csvFile('a,b\n1,2\n')
    const dialect = await detectDialect(file.path)
    await assert.rejects(async () => {
      for await (const batch of readCsv(file.path, { dialect }))
        throw new Error(`consumer at ${batch.bytes}`)
    }, 'consumer at 8')
    assert.equal(await openHandles(file.path), 0)
    await file.remove()
  })

  test('an abort ends the reading with its reason and closes the file', async ({ assert }) => {
    const file = await csvFile(`a,b\n${'1,2\n'.repeat(500_000)}`)
    const dialect = await detectDialect(file.path)
    const controller = new AbortController()
    let seen = 0
    await assert.rejects(async () => {
      for await (const batch of readCsv(file.path, {
        dialect,
        batchRows: 10,
        signal: controller.signal,
      })) {
        seen += batch.rows.length
        if (seen === 30) controller.abort(new Error('enough'))
      }
    }, 'enough')
    assert.equal(seen, 30)
    assert.equal(await openHandles(file.path), 0)
    await assert.rejects(
      () => readCsv(file.path, { dialect, signal: controller.signal }).next(),
      'enough'
    )
    await file.remove()
  })

  test('a file with a fault is closed', async ({ assert }) => {
    const file = await csvFile('a,b\n1,"2\n')
    const read = await readAll(file.path)
    assert.instanceOf(read.error, Error)
    assert.equal(await openHandles(file.path), 0)
    await file.remove()
  })
})
