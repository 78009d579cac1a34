import { CsvError } from 'csv-parse'
import { CsvFileError, type CsvErrorCode } from '#tasks/csv/csv_error'
import { MAX_RECORD_BYTES, type CsvDialect } from '#tasks/csv/csv_types'
import { ByteLines, countLineBreaks } from '#tasks/csv/line_breaks'
import { openQuoteLine } from '#tasks/csv/open_quote'
import { rawProblem } from '#tasks/csv/raw_problem'
import { RecordParser } from '#tasks/csv/record_parser'

/** `end` is the file offset behind the record, `nextLine` the physical line there. */
export interface RecordSink {
  record(values: string[], line: number, end: number, nextLine: number): void
  reject(line: number, reason: string, end: number, nextLine: number, code?: CsvErrorCode): void
}

/** A line that is to be passed over; its end is looked for behind `from`, in bytes of the window. */
interface Skipping {
  line: number
  reason: string
  from: number
  code?: CsvErrorCode
}

/** Bytes parsed synchronously: a tenth of a millisecond, or five if every record is ragged. */
const PIECE_BYTES = 2 * 1024

/**
 * Bytes given to the parser without a record in return. The few above the
 * limit are more than csv-parse holds back to look ahead; stopping at exactly
 * this many makes the verdict the same wherever the reading began.
 */
const FULL_BYTES = MAX_RECORD_BYTES + 64

const QUOTE_PROBLEMS: Partial<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE:
    'a closing quote is not followed by a delimiter or the end of the line',
  INVALID_OPENING_QUOTE: 'a quote within a value that is not quoted',
}

/**
 * Finds records with their offsets and lines, and goes on behind broken ones.
 *
 * csv-parse, told to skip bad records, stays within the quote it stumbled over
 * and swallows good lines unseen. Here a record with a misplaced quote costs
 * its first line only: a new parser starts on the very next line, so every
 * line is either given, rejected or part of a value.
 */
export class RecordScanner {
  readonly #dialect: CsvDialect
  readonly #sink: RecordSink
  readonly #lines: ByteLines
  #parser: RecordParser
  /** File offset at which the parser began. */
  #base: number
  /** The bytes behind the last record, and their place in the file. */
  #window: Buffer = Buffer.alloc(0)
  #offset: number
  #line: number
  /** File offset behind the last record; ahead of #offset only while parsing. */
  #end: number
  #seenLines = 0
  #seenBlank = 0
  /** Bytes of the window the parser has been given. */
  #fed = 0
  #skipping: Skipping | undefined
  #suspect = false
  #oversized = false
  #ended = false

  constructor(dialect: CsvDialect, sink: RecordSink, offset: number, line: number) {
    this.#dialect = dialect
    this.#sink = sink
    this.#lines = new ByteLines(dialect.encoding)
    this.#base = this.#offset = this.#end = offset
    this.#line = line
    this.#parser = this.#newParser()
  }

  /** The file offset behind the last record. */
  get offset(): number {
    return this.#end
  }

  /** The physical line at `offset`. */
  get nextLine(): number {
    return this.#line
  }

  /** Adds the next bytes of the file, which must not change any more; only after `step` has returned false. */
  write(bytes: Buffer): void {
    this.#window = this.#window.length === 0 ? bytes : Buffer.concat([this.#window, bytes])
  }

  /**
   * Does one bounded piece of work and returns whether there is more to do
   * with the bytes at hand. Between two steps the event loop may be given way.
   *
   * @throws CsvFileError `csv-unclosed-quote`
   */
  step(): boolean {
    if (this.#skipping !== undefined) return this.#skip(this.#skipping)
    if (this.#fed === this.#window.length) return false
    const piece = this.#window.subarray(this.#fed, Math.min(this.#fed + PIECE_BYTES, FULL_BYTES))
    this.#fed += piece.length
    return (
      this.#afterParsing(this.#guarded(() => this.#parser.parse(piece))) ||
      this.#fed < this.#window.length
    )
  }

  /** Like `step`, when the file has no more bytes and `step` has returned false. */
  finish(): boolean {
    if (this.#ended) return false
    if (this.#skipping !== undefined) {
      this.#restartBehind(this.#skipping, this.#window.length)
      return false
    }
    this.#ended = true
    const goesOn = this.#afterParsing(this.#guarded(() => this.#parser.finish()))
    if (goesOn) this.#ended = false
    return goesOn
  }

  #newParser(): RecordParser {
    return new RecordParser(this.#dialect, (values) => this.#complete(values))
  }

  /** Looks for undecodable bytes cheaply; only if there may be some each record is checked. */
  #guarded(parse: () => Error | undefined): Error | undefined {
    this.#suspect =
      rawProblem(this.#window.subarray(0, this.#fed), this.#dialect.encoding) !== undefined
    const failure = parse()
    const consumed = this.#end - this.#offset
    this.#window = this.#window.subarray(consumed)
    this.#offset = this.#end
    this.#fed -= consumed
    return failure
  }

  #complete(values: string[]): void {
    if (this.#oversized) return
    const { bytes, lines, empty_lines: blank } = this.#parser.info
    const end = this.#base + bytes
    if (end - this.#end > MAX_RECORD_BYTES && this.#isOversized(end)) return
    let line = this.#line
    let nextLine = line + 1
    // csv-parse may count too many lines (CRLF in quotes, UTF-16), never too few.
    if (lines - this.#seenLines !== 1) {
      line += blank - this.#seenBlank
      nextLine = line + 1
      for (const value of values) nextLine += countLineBreaks(value)
    }
    const problem = this.#suspect ? rawProblem(this.#raw(end), this.#dialect.encoding) : undefined
    this.#end = end
    this.#line = nextLine
    this.#seenLines = lines
    this.#seenBlank = blank
    if (problem === undefined) this.#sink.record(values, line, end, nextLine)
    else this.#sink.reject(line, problem, end, nextLine)
  }

  #raw(end: number): Buffer {
    return this.#window.subarray(this.#end - this.#offset, end - this.#offset)
  }

  #isOversized(end: number): boolean {
    const raw = this.#raw(end)
    this.#oversized = raw.length - this.#lines.leadingBlank(raw).length > MAX_RECORD_BYTES
    return this.#oversized
  }

  #afterParsing(failure: Error | undefined): boolean {
    const code = failure instanceof CsvError ? failure.code : undefined
    const oversized = this.#oversized || code === 'CSV_MAX_RECORD_SIZE'
    const full = oversized || (failure === undefined && this.#fed === FULL_BYTES)
    if (failure === undefined && !full) return false
    const blank = this.#passBlankLines()
    if (code === 'CSV_QUOTE_NOT_CLOSED')
      throw this.#unclosed(this.#window, 'the end of the file') ?? failure
    if (full && !oversized && blank > 0) {
      this.#restart()
    } else if (full) {
      this.#giveUpRecord()
    } else {
      this.#skipFirstLine(code, failure)
    }
    return true
  }

  #skipFirstLine(code: string | undefined, failure: Error | undefined): void {
    const reason = code === undefined ? undefined : QUOTE_PROBLEMS[code]
    if (reason === undefined) throw failure
    this.#skipping = { line: this.#line, reason, from: 0 }
  }

  /** Judges by the same first bytes of the record wherever the reading began. */
  #giveUpRecord(): void {
    const head = this.#window.subarray(0, MAX_RECORD_BYTES)
    const unclosed = this.#unclosed(head, '1 MiB of text')
    if (unclosed !== undefined) throw unclosed
    const line = this.#line
    this.#line += countLineBreaks(head.toString(this.#dialect.encoding))
    this.#skipping = {
      line,
      reason: 'larger than 1 MiB',
      from: MAX_RECORD_BYTES,
      code: 'csv-record-too-large',
    }
  }

  #unclosed(bytes: Buffer, until: string): CsvFileError | undefined {
    const { encoding, delimiter } = this.#dialect
    const line = openQuoteLine(bytes.toString(encoding), delimiter, this.#line)
    if (line === undefined) return undefined
    return new CsvFileError(
      'csv-unclosed-quote',
      `The quote opened on line ${line} is not closed before ${until}.`,
      line
    )
  }

  #skip(skipping: Skipping): boolean {
    const end = this.#lines.endOfLine(this.#window, skipping.from)
    if (end !== undefined) {
      this.#restartBehind(skipping, end)
      return true
    }
    // One character stays, as it may be the first half of a CRLF.
    const { unit } = this.#lines
    const kept = Math.max(0, Math.floor(this.#window.length / unit) - 1) * unit
    this.#move(kept)
    skipping.from = Math.max(0, skipping.from - kept)
    return false
  }

  #restartBehind(skipped: Skipping, length: number): void {
    this.#move(length)
    this.#line++
    this.#skipping = undefined
    this.#restart()
    this.#sink.reject(skipped.line, skipped.reason, this.#offset, this.#line, skipped.code)
  }

  #restart(): void {
    this.#base = this.#offset
    this.#seenLines = 0
    this.#seenBlank = 0
    this.#oversized = false
    this.#parser = this.#newParser()
    this.#fed = 0
  }

  #passBlankLines(): number {
    const blank = this.#lines.leadingBlank(this.#window)
    this.#move(blank.length)
    this.#line += blank.lines
    return blank.lines
  }

  #move(length: number): void {
    this.#window = this.#window.subarray(length)
    this.#offset += length
    this.#end = this.#offset
  }
}
