import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectDialect } from '#tasks/csv/detect_dialect'
import type { CsvBatch, CsvCursor, CsvRejection, CsvRow } from '#tasks/csv/csv_types'
import { CsvFileError } from '#tasks/csv/csv_error'
import { readCsv } from '#tasks/csv/read_csv'

/** A folder of its own for one file; `remove` deletes both. */
export async function csvFile(content: Buffer | string) {
  const folder = await mkdtemp(join(tmpdir(), 'csv-'))
  const path = join(folder, 'file.csv')
  await writeFile(path, content)
  return { path, remove: () => rm(folder, { recursive: true }) }
}

export interface Read {
  rows: CsvRow[]
  rejected: CsvRejection[]
  batches: CsvBatch[]
  error: unknown
}

/** Reads to the end, or to the error, which is returned and not thrown. */
export async function readAll(
  path: string,
  options: { batchRows?: number; cursor?: CsvCursor; delimiter?: string } = {}
): Promise<Read> {
  const { delimiter, ...reading } = options
  const read: Read = { rows: [], rejected: [], batches: [], error: undefined }
  try {
    const dialect = options.cursor?.dialect ?? (await detectDialect(path, { delimiter }))
    for await (const batch of readCsv(path, { ...reading, dialect })) {
      read.batches.push(batch)
      read.rows.push(...batch.rows)
      read.rejected.push(...batch.rejected)
    }
  } catch (error) {
    read.error = error
  }
  return read
}

/** Writes the content to a file, reads it and deletes the file. */
export async function readText(
  content: Buffer | string,
  options: { batchRows?: number; delimiter?: string } = {}
): Promise<Read> {
  const file = await csvFile(content)
  try {
    return await readAll(file.path, options)
  } finally {
    await file.remove()
  }
}

/** `line: value|value` for each row, for short expectations. */
export function short(read: Read): string[] {
  return read.rows.map((row) => `${row.line}: ${Object.values(row.values).join('|')}`)
}

export function codeOf(read: Read): string | undefined {
  return read.error instanceof CsvFileError ? read.error.code : undefined
}

export function lineOf(read: Read): number | undefined {
  return read.error instanceof CsvFileError ? read.error.line : undefined
}
