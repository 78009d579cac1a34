import { open } from 'node:fs/promises'
import { BatchBuilder } from '#tasks/csv/batch_builder'
import { CsvFileError } from '#tasks/csv/csv_error'
import type { CsvBatch, CsvCursor, CsvDialect } from '#tasks/csv/csv_types'
import { EventLoopTurn } from '#tasks/csv/event_loop_turn'
import { RecordScanner } from '#tasks/csv/record_scanner'

/** Bytes of one read; measured: larger ones are not faster. */
const CHUNK_BYTES = 64 * 1024
/** Rows of one batch; measured: an import in batches of 1,000 takes a tenth longer, in those of 4,000 not less. */
export const BATCH_ROWS = 2000

export interface ReadCsvOptions {
  dialect: CsvDialect
  /** Goes on behind an earlier batch; its dialect is then the one in force. */
  cursor?: CsvCursor | undefined
  /** Rows and rejected lines of one batch together, at most; large ones are fewer. */
  batchRows?: number | undefined
  signal?: AbortSignal | undefined
}

interface Run {
  batches: BatchBuilder
  scanner: RecordScanner
  turn: EventLoopTurn
  signal: AbortSignal | undefined
}

/**
 * Reads a CSV file with a header in batches. Nothing is read ahead of the
 * consumer but the rest of one chunk. A file with only a header gives no batch.
 *
 * Lines with too few or too many columns, misplaced quotes, undecodable bytes
 * or over 1 MiB are given as `rejected`; blank lines are passed over. The good
 * rows before a fault of the whole file are given before it is thrown. The
 * file is closed however the iteration ends.
 *
 * @throws CsvFileError `csv-empty`, `csv-no-header`, `csv-header-too-large`,
 * `csv-unclosed-quote`, `csv-record-too-large` (only the header: elsewhere such a record is rejected)
 * @throws the signal's reason, once it is aborted
 * @throws the system's error if the file cannot be opened or read
 */
export async function* readCsv(
  path: string,
  options: ReadCsvOptions
): AsyncGenerator<CsvBatch, void, undefined> {
  const { cursor, signal, batchRows = BATCH_ROWS } = options
  const dialect = cursor?.dialect ?? options.dialect
  let position = cursor?.offset ?? dialect.bomBytes
  const batches = new BatchBuilder(dialect, batchRows, cursor)
  const scanner = new RecordScanner(dialect, batches, position, cursor?.line ?? 1)
  const run: Run = { batches, scanner, signal, turn: new EventLoopTurn() }
  signal?.throwIfAborted()
  const file = await open(path)
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position)
      run.turn.begin()
      signal?.throwIfAborted()
      if (bytesRead === 0) break
      position += bytesRead
      scanner.write(chunk.subarray(0, bytesRead))
      yield* drain(() => scanner.step(), run)
    }
    yield* drain(() => scanner.step() || scanner.finish(), run)
    if (!batches.hasHeader) throw new CsvFileError('csv-empty', 'The file is empty.')
    batches.cut(position, scanner.nextLine)
    yield* batches.take()
  } finally {
    await file.close()
  }
}

/** Works until nothing is left to do with the bytes at hand, giving the batches as they fill. */
async function* drain(work: () => boolean, run: Run): AsyncGenerator<CsvBatch, void, undefined> {
  const { batches, scanner, turn, signal } = run
  for (;;) {
    let fault: unknown
    let goesOn = false
    try {
      goesOn = work()
    } catch (error) {
      fault = error
      batches.cut(scanner.offset, scanner.nextLine)
    }
    for (const batch of batches.take()) {
      yield batch
      signal?.throwIfAborted()
    }
    if (fault !== undefined) throw fault
    if (!goesOn) return
    if (turn.isOver()) await turn.giveWay()
    signal?.throwIfAborted()
  }
}
