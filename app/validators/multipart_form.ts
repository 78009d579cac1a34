import { maxHeaderSize } from 'node:http'
import { MalformedMultipart } from '#exceptions/http_errors'
import { refused, unknown } from '#validators/refused'

/** The parts of `POST /tasks`, of which one is a file. */
const names = ['type', 'input', 'id', 'file']

/** Characters of a name that an answer repeats. */
const MOST_TOLD = 100

/** The form of multiparty, by what sees a part before anybody hears of it: it has no event for that. */
interface Form {
  readonly partName: string | null
  readonly partFilename?: string | null
  _write(bytes: Buffer, encoding: BufferEncoding, done: () => void): void
  onParseHeaderField(bytes: Buffer): void
  onParseHeaderValue(bytes: Buffer): void
  /** Gives what is wrong with the part. */
  onParseHeadersEnd(offset: number): Error | undefined
  /** Ends the form: it reads no further, and tells of its first error only. */
  handleError(error: Error): void
}

/**
 * Refuses parts that `POST /tasks` does not have, by Vine's error, before AdonisJS hears of them: it
 * makes paths of their names (`x[999999999]`, `x[a][a]…`), and to copy what those lead to takes more
 * memory, or more stack, than there is. Refuses, as `MalformedMultipart`, headers of parts that are
 * larger together than those of a request may be (`maxHeaderSize` of Node), for which the parser has
 * no limit, and what the parser throws, which is the client's error as well.
 *
 * @param stream the form, before it is written to
 */
export function guardForm(stream: NodeJS.WritableStream): void {
  const form = stream as unknown as Form
  const { _write: write, onParseHeadersEnd } = form
  let headers = 0
  const bounded = (parse: (bytes: Buffer) => void) => (bytes: Buffer) => {
    headers += bytes.length
    if (headers > maxHeaderSize) throw new RangeError('The headers of the parts are too large')
    parse.call(form, bytes)
  }
  Object.assign(form, {
    onParseHeaderField: bounded(form.onParseHeaderField),
    onParseHeaderValue: bounded(form.onParseHeaderValue),
    onParseHeadersEnd: (offset: number) =>
      partProblem(form) ?? onParseHeadersEnd.call(form, offset),
    _write(...written: Parameters<Form['_write']>) {
      try {
        write.apply(form, written)
      } catch (error) {
        form.handleError(new MalformedMultipart(error))
      }
    },
  } satisfies Partial<Form>)
}

function partProblem({ partName: name, partFilename: filename }: Form): Error | undefined {
  // RFC 7578 §4.2: each part must have one.
  if (!name) return new MalformedMultipart(new Error('A part has no name'))
  if (!names.includes(name)) return unknown(name.slice(0, MOST_TOLD))
  const isFile = typeof filename === 'string'
  if (isFile === (name === 'file')) return undefined
  return refused(name, 'file', `The part ${name} must ${isFile ? 'not ' : ''}have a file name`)
}
