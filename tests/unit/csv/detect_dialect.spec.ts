import { test } from '@japa/runner'
import { CsvFileError } from '#tasks/csv/csv_error'
import { detectDialect } from '#tasks/csv/detect_dialect'
import type { CsvEncoding } from '#tasks/csv/csv_types'
import { csvFile } from '#tests/unit/csv/helpers'

async function detect(
  content: Buffer | string,
  given: { delimiter?: string; encoding?: CsvEncoding } = {}
) {
  const file = await csvFile(content)
  try {
    return await detectDialect(file.path, given)
  } finally {
    await file.remove()
  }
}

async function faultOf(
  content: Buffer | string,
  given: { delimiter?: string; encoding?: CsvEncoding } = {}
) {
  const fault: unknown = await detect(content, given).catch((error: unknown) => error)
  return fault instanceof CsvFileError ? fault.code : fault
}

test.group('Detecting how a CSV file is written', () => {
  test('the delimiter is the one that divides the records alike', async ({ assert }) => {
    for (const [text, delimiter] of [
      ['a,b\n1,2\n', ','],
      ['a;b;c\n1,5;2,5;3\n', ';'],
      ['a\tb\n"x\t,y"\t2\n', '\t'],
      ['a|b|c\n1|2,3|4\n', '|'],
      ['last, first;age\n"Doe, Jane";5\nBob;6\n', ';'],
      ['"a;b","c;d"\n1,2\n', ','],
      ['email\nzoe@example.com\n', ','],
      ['näme;größe\nzoë;2\n', ';'],
      ['a;b', ';'],
      ['\r\n\r\na;b\r\n1;2,3,4\r\n', ';'],
    ] as const) {
      assert.equal((await detect(text)).delimiter, delimiter, text)
    }
  })

  test('what is given is not detected', async ({ assert }) => {
    assert.deepEqual(await detect('a;b\n1;2\n', { delimiter: '|', encoding: 'latin1' }), {
      encoding: 'latin1',
      delimiter: '|',
      bomBytes: 0,
    })
    assert.deepEqual(await detect('\ufeffa,b\n', { encoding: 'utf8' }), {
      encoding: 'utf8',
      delimiter: ',',
      bomBytes: 3,
    })
    assert.instanceOf(await faultOf('a\n', { delimiter: '"' }), RangeError)
    assert.instanceOf(await faultOf('a\n', { delimiter: ',,' }), RangeError)
  })

  test('the encoding comes from the mark, the NUL bytes or the first character beyond ASCII', async ({
    assert,
  }) => {
    const ascii = 'a,b\n1,2\n'.repeat(60_000)
    const cases: [Buffer, string, number][] = [
      [Buffer.from('\ufeffa,b\n'), 'utf8', 3],
      [Buffer.from('\ufeffa,b\n', 'utf16le'), 'utf16le', 2],
      [Buffer.from('a,b\n日本,2\n', 'utf16le'), 'utf16le', 0],
      [Buffer.from('ab,Łódź\n', 'utf16le'), 'utf16le', 0],
      [Buffer.from('a,é\n'), 'utf8', 0],
      [Buffer.from('a,é\n', 'latin1'), 'latin1', 0],
      [Buffer.from(ascii), 'utf8', 0],
      [Buffer.from(`${ascii}é,2\n`), 'utf8', 0],
      [Buffer.from(`${ascii}é,2\n`, 'latin1'), 'latin1', 0],
      [Buffer.from(`${ascii}2,é`, 'latin1'), 'latin1', 0],
      [Buffer.from(`a${'é'.repeat(200_000)}`), 'utf8', 0],
    ]
    for (const [content, encoding, bomBytes] of cases) {
      assert.deepEqual(await detect(content), { encoding, delimiter: ',', bomBytes } as never)
    }
  })

  test('encodings that cannot be read are named', async ({ assert }) => {
    const big = Buffer.from('a,b\n1,2\n', 'utf16le').swap16()
    assert.equal(
      await faultOf(Buffer.concat([Buffer.from([0xfe, 0xff]), big])),
      'csv-unsupported-encoding'
    )
    assert.equal(await faultOf(big), 'csv-unsupported-encoding')
    assert.equal(
      await faultOf(Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])),
      'csv-unsupported-encoding'
    )
    assert.equal(
      await faultOf('a\n', { encoding: 'utf32' as CsvEncoding }),
      'csv-unsupported-encoding'
    )
  })

  test('a file that is not text is called binary', async ({ assert }) => {
    const bytes = Buffer.from(
      Array.from({ length: 4096 }, (_, index) => (index * 7919 + (index >> 3)) % 256)
    )
    assert.equal(await faultOf(bytes), 'csv-binary')
    for (const small of [[0, 65], [65, 0], [0], [0, 1, 65, 66], [0, 2, 0, 65], [65, 0, 2, 0]]) {
      assert.equal(await faultOf(Buffer.from(small)), 'csv-binary', small.join())
    }
    assert.equal(await faultOf(Buffer.from('a,b\n1,\0\n')), 'csv-binary')
    assert.equal(await faultOf(Buffer.from('a,b\n1,\0\n'), { encoding: 'utf8' }), 'csv-binary')
    assert.equal(await faultOf(Buffer.from(bytes.filter((byte) => byte !== 0))), 'csv-binary')
  })
})
