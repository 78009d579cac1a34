import fc, { type Arbitrary } from 'fast-check'
import { gzipSync } from 'node:zlib'
import {
  brokenValuesOf,
  oddities,
  valuesOf,
  type Schema,
} from '#tests/helpers/generated/schema_values'

export type Content = Readonly<Record<string, { readonly schema: Schema }>>

export interface Body {
  readonly type: string
  readonly bytes: Buffer
}

const BOUNDARY = 'boundary-of-parts'

/** Bodies of the documented media types, whole and broken, and of others. */
export function bodiesOf(content: Content): Arbitrary<Body> {
  const documented = Object.entries(content).map(([type, { schema }]) =>
    type === 'multipart/form-data' ? multipartOf(schema) : jsonOf(type, schema)
  )
  const other = fc.record({
    type: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/xml', ''),
    bytes: fc.string().map((each) => Buffer.from(each)),
  })
  return fc.oneof(...documented.map((arbitrary) => ({ weight: 9, arbitrary })), {
    weight: 2,
    arbitrary: other,
  })
}

function jsonOf(type: string, schema: Schema): Arbitrary<Body> {
  const whole = valuesOf(schema).map(text)
  const broken = brokenValuesOf(schema).map(text)
  const torn = fc.tuple(whole, fc.nat({ max: 100 })).map(([json, at]) => json.slice(0, at))
  const junk = fc.constantFrom(
    '',
    'null',
    '[]',
    '{"type":"simulate","type":"nonsense"}',
    '{"__proto__":{"type":"simulate"}}',
    '['.repeat(20_000),
    `{"type":"simulate","input":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`,
    '\ufeff{}'
  )
  const types = fc.constantFrom(
    type,
    type,
    type,
    `${type}; charset=utf-8`,
    `${type}; charset=x`,
    'application/x+json'
  )
  const texts = fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 4, arbitrary: broken },
    { weight: 1, arbitrary: torn },
    { weight: 1, arbitrary: junk }
  )
  return fc.record({ type: types, bytes: texts.map((each) => Buffer.from(each)) })
}

/** A part of a multipart body, as its lines. */
interface Part {
  readonly name: string
  readonly filename?: string
  readonly content: string | Buffer
}

const fileNames = fc.constantFrom(
  'people.csv',
  '../../../etc/passwd',
  '..\\..\\boot.ini',
  '/dev/null',
  'C:\\x',
  '',
  'Größe 🦊.csv',
  'x'.repeat(2000),
  'a%00b',
  '.'
)

const files = fc.oneof(
  fc.constant('name,city\nAda,London\n'),
  fc.constant(''),
  fc.string(),
  fc.constant(gzipSync('name\nAda\n')),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
)

function multipartOf(schema: Schema): Arbitrary<Body> {
  const parts = fc
    .record({
      value: fc.oneof(
        { weight: 3, arbitrary: valuesOf(schema) },
        { weight: 1, arbitrary: brokenValuesOf(schema) }
      ),
      filename: fileNames,
      file: files,
      odd: fc.constantFrom(...oddities.map(String)),
      name: fc.constantFrom('', 'x[999999999]', `x${'[a]'.repeat(5000)}`, 'input[]', '__proto__'),
      harm: fc.constantFrom('none', 'none', 'none', 'twice', 'odd-name', 'two-files', 'odd-input'),
    })
    .map(({ value, filename, file, odd, name: oddName, harm }): Part[] => {
      const fields = Object.entries(Object(value) as Record<string, unknown>)
      const own = fields.map(([name, field]): Part => {
        if (name === 'file') return { name, filename, content: file }
        if (name === 'input' && harm === 'odd-input') return { name, content: odd }
        return { name, content: typeof field === 'string' ? field : text(field) }
      })
      if (harm === 'twice') return [...own, ...own]
      if (harm === 'odd-name') return [{ name: oddName, content: 'x' }, ...own]
      if (harm === 'two-files') return [...own, { name: 'file', filename, content: file }]
      return own
    })
  const whole = parts.map(encoded)
  const torn = fc.tuple(whole, fc.nat({ max: 400 })).map(([bytes, at]) => bytes.subarray(0, at))
  const types = fc.oneof(
    { weight: 12, arbitrary: fc.constant(`multipart/form-data; boundary=${BOUNDARY}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'multipart/form-data; boundary=other',
        `multipart/form-data; boundary=${'x'.repeat(200)}`
      ),
    }
  )
  const bytes = fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: torn })
  return fc.record({ type: types, bytes })
}

function encoded(parts: readonly Part[]): Buffer {
  const lines = parts.flatMap(({ name, filename, content }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`
    return [Buffer.from(head), Buffer.from(content as string), Buffer.from('\r\n')]
  })
  return Buffer.concat([...lines, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? ''
}
