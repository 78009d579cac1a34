import { test } from '@japa/runner'
import { codeOf, lineOf, readText, short } from '#tests/unit/csv/helpers'

const MIB = 1024 * 1024

test.group('Reading a CSV file | rows and lines', () => {
  for (const [name, end] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ] as const) {
    test(`${name} ends lines, within quotes too, and every row has the line it starts on`, async ({
      assert,
    }) => {
      const text = ['a,b', '1,"x', 'y', '"', '', '2,z', '', '"3",q'].join(end)
      const read = await readText(text)
      assert.isUndefined(read.error)
      assert.deepEqual(short(read), [`2: 1|x${end}y${end}`, '6: 2|z', '8: 3|q'])
      assert.deepEqual(read.rejected, [])
    })
  }

  test('line endings may be mixed', async ({ assert }) => {
    const read = await readText('a,b\n1,2\r\n3,"4\n5\r\n6"\r7,8\r\n')
    assert.deepEqual(short(read), ['2: 1|2', '3: 3|4\n5\r\n6', '6: 7|8'])
  })

  for (const [name, encoding, bom] of [
    ['UTF-8', 'utf8', false],
    ['UTF-8 with a byte order mark', 'utf8', true],
    ['UTF-16LE', 'utf16le', false],
    ['UTF-16LE with a byte order mark', 'utf16le', true],
    ['Latin 1', 'latin1', false],
  ] as const) {
    test(`${name} is read without loss and the bytes end at the size of the file`, async ({
      assert,
    }) => {
      const text = 'näme,b\r\nzoë,"č,\r\nñ"\r\nend,ü\r\n'.replace(
        'č',
        encoding === 'latin1' ? 'ç' : 'č日😀'
      )
      const content = Buffer.from((bom ? '\ufeff' : '') + text, encoding)
      const read = await readText(content)
      assert.isUndefined(read.error)
      assert.deepEqual(Object.keys(read.rows[0]?.values ?? {}), ['näme', 'b'])
      assert.deepEqual(short(read), [
        `2: zoë|${encoding === 'latin1' ? 'ç' : 'č日😀'},\r\nñ`,
        '4: end|ü',
      ])
      assert.equal(read.batches.at(-1)?.bytes, content.length)
    })
  }

  test('a character cut by the reads of the file stays whole', async ({ assert }) => {
    const read = await readText(`a,b\n${'日本語,é\n'.repeat(30_000)}`)
    assert.lengthOf(read.rows, 30_000)
    assert.isTrue(read.rows.every((row) => row.values.a === '日本語' && row.values.b === 'é'))
    assert.equal(read.rows.at(-1)?.line, 30_001)
  })

  test('lines of nothing but white space are passed over, the others keep their numbers', async ({
    assert,
  }) => {
    const read = await readText('\n  \na,b\n\n1,2\n \t\n\r\n3,4\n\n')
    assert.deepEqual(short(read), ['5: 1|2', '8: 3|4'])
    assert.deepEqual(read.rejected, [])
  })

  test('a file of only a header has no rows and no fault', async ({ assert }) => {
    for (const text of ['a,b', 'a,b\r\n', 'a,b\n\n\n']) {
      const read = await readText(text)
      assert.isUndefined(read.error)
      assert.deepEqual(read.batches, [])
    }
  })

  test('a single column is read as one', async ({ assert }) => {
    assert.deepEqual(short(await readText('email\nzoe@example.com\n\n""\n"a\nb"\n')), [
      '2: zoe@example.com',
      '4: ',
      '5: a\nb',
    ])
  })

  test('a column called __proto__ is a value like any other', async ({ assert }) => {
    const [row] = (await readText('__proto__,constructor\npolluted,x\n')).rows
    assert.isTrue(Object.hasOwn(row?.values ?? {}, '__proto__'))
    assert.equal(JSON.stringify(row?.values), '{"__proto__":"polluted","constructor":"x"}')
    assert.strictEqual(Object.getPrototypeOf(row?.values), Object.prototype)
    assert.isFalse('polluted' in {})
  })
})

test.group('Reading a CSV file | batches', () => {
  test('are of 2,000 rows where these are small', async ({ assert }) => {
    const read = await readText(`a,b,c,d,e\n${`${'x'.repeat(100)},,,,\n`.repeat(2500)}`)
    assert.deepEqual(
      read.batches.map(({ rows }) => rows.length),
      [2000, 500]
    )
  })

  test('end behind 1 MiB of the file, rejected lines included', async ({ assert }) => {
    const line = 'x'.repeat(MIB / 4 - 3)
    const read = await readText(`a,b\n${`1,${line}\n`.repeat(10)}${`${line}--\n`.repeat(5)}`)
    assert.deepEqual(
      read.batches.map(({ rows, rejected }) => [rows.length, rejected.length]),
      [
        [4, 0],
        [4, 0],
        [2, 2],
        [0, 3],
      ]
    )
    const ends = read.batches.map(({ bytes }) => bytes)
    assert.deepEqual(
      ends,
      [4, 8, 12, 15].map((lines) => 4 + (lines * MIB) / 4)
    )
  })

  test('hold little even if each row repeats names of 256 KiB', async ({ assert }) => {
    const read = await readText(`a,${'b'.repeat(255 * 1024)}\n${'1,2\n'.repeat(50)}`)
    assert.lengthOf(read.rows, 50)
    assert.isTrue(read.batches.every(({ rows }) => rows.length <= 5))
  })
})

test.group('Reading a CSV file | rejected lines', () => {
  test('too few and too many columns reject one record each', async ({ assert }) => {
    const read = await readText('a,b\n""\n1,2,3\n4,"5\n6",7\n8,9\n')
    assert.deepEqual(short(read), ['6: 8|9'])
    assert.deepEqual(read.rejected, [
      { line: 2, reason: '1 column instead of 2' },
      { line: 3, reason: '3 columns instead of 2' },
      { line: 4, reason: '3 columns instead of 2; the record goes on to line 5' },
    ])
  })

  test('a misplaced quote costs its own line and no other', async ({ assert }) => {
    const read = await readText('a,b\n1,"x"y\n2,ok\n3,5" pipe\n4,"ok"\n5,"z"z')
    assert.deepEqual(short(read), ['3: 2|ok', '5: 4|ok'])
    assert.deepEqual(
      read.rejected.map((rejection) => rejection.line),
      [2, 4, 6]
    )
    assert.match(read.rejected[0]?.reason ?? '', /closing quote/)
    assert.match(read.rejected[1]?.reason ?? '', /not quoted/)
  })

  test('good lines behind a quote that was opened by mistake are not swallowed', async ({
    assert,
  }) => {
    const good = Array.from({ length: 5000 }, (_, index) => `${index},plain`).join('\r\n')
    const read = await readText(`a,b\r\n0,"open\r\n${good}\r\n7,"Smith, J."\r\n8,end\r\n`)
    assert.isUndefined(read.error)
    assert.lengthOf(read.rows, 5002)
    assert.deepEqual(
      read.rejected.map((rejection) => rejection.line),
      [2]
    )
    assert.equal(read.rows[0]?.line, 3)
    assert.equal(read.rows.at(-1)?.line, 5004)
  })

  test('every line of a file of bad lines is counted once', async ({ assert }) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const read = await readText(`a,b${end}${`1,"x"y${end}`.repeat(20_000)}`)
      assert.lengthOf(read.rows, 0)
      assert.deepEqual(
        read.rejected.map((rejection) => rejection.line),
        Array.from({ length: 20_000 }, (_, index) => index + 2)
      )
    }
  })

  test('a CRLF cut by the reads of the file is one line break behind a bad line too', async ({
    assert,
  }) => {
    for (let shift = 0; shift < 9; shift++) {
      const read = await readText(`a,b${'b'.repeat(shift)}\r\n${'1,"x"yy\r\n'.repeat(8000)}`)
      assert.equal(read.rejected.at(-1)?.line, 8001)
    }
  })

  test('bytes that cannot be decoded reject their line only', async ({ assert }) => {
    const filler = `é,\ufffd\n`.repeat(60_000)
    const read = await readText(
      Buffer.concat([
        Buffer.from(`a,b\n${filler}`),
        Buffer.from([0x31, 0x2c, 0xe9, 0x0a]),
        Buffer.from('2,\0\n3,ok\n'),
      ])
    )
    assert.deepEqual(read.rejected, [
      { line: 60_002, reason: 'not valid UTF-8' },
      { line: 60_003, reason: 'a NUL character in the line' },
    ])
    assert.lengthOf(read.rows, 60_001)
  })

  test('a record over 1 MiB is rejected, wherever its quotes close, and reading goes on', async ({
    assert,
  }) => {
    const long = 'x'.repeat(2.5 * MIB)
    const many = ','.repeat(3 * MIB)
    const lines = `"${'y\n'.repeat(MIB / 4)}"`
    const read = await readText(
      `a,b\n1,${long}\n2,ok\n${many}\n3,ok\n${lines},${long}\r\n4,ok\n5,${long}`
    )
    assert.isUndefined(read.error)
    const behind = 6 + MIB / 4
    assert.deepEqual(short(read), ['3: 2|ok', '5: 3|ok', `${behind + 1}: 4|ok`])
    assert.deepEqual(
      read.rejected,
      [2, 4, 6, behind + 2].map((line) => ({ line, reason: 'larger than 1 MiB' }))
    )
  })

  test('a record of exactly 1 MiB is a row, one byte more is not', async ({ assert }) => {
    const fits = 'x'.repeat(MIB - 3)
    for (const before of ['', 'p,q\n', `${'p,q\n'.repeat(5000)}`]) {
      const read = await readText(`a,b\n${before}1,${fits}\n2,${fits}x\n3,ok\n`)
      assert.deepEqual(
        read.rejected.map((rejection) => rejection.reason),
        ['larger than 1 MiB']
      )
      assert.deepEqual(
        read.rows.slice(-2).map((row) => row.values.a),
        ['1', '3']
      )
    }
  })

  test('megabytes of blank lines are no record', async ({ assert }) => {
    const read = await readText(`a,b\n${'\r\n'.repeat(2 * MIB)}1,2\n`)
    assert.isUndefined(read.error)
    assert.deepEqual(short(read), [`${2 * MIB + 2}: 1|2`])
  })
})

test.group('Reading a CSV file | faults of the file', () => {
  test('an empty file is named as such', async ({ assert }) => {
    for (const text of ['', '\ufeff', '\n\r\n  \n'])
      assert.equal(codeOf(await readText(text)), 'csv-empty')
    assert.equal(codeOf(await readText('\n'.repeat(200_000))), 'csv-empty')
  })

  test('a header needs names, each of them once', async ({ assert }) => {
    for (const text of ['a,,b\n1,2,3\n', 'a,b,\n1,2,3\n', 'a,b,a\n1,2,3\n', 'a,"b"c\n1,2\n']) {
      assert.equal(codeOf(await readText(text)), 'csv-no-header')
    }
  })

  test('a header may have 10,000 columns and names of 256 KiB', async ({ assert }) => {
    const many = Array.from({ length: 10_000 }, (_, column) => `c${column}`).join()
    const long = `${'a'.repeat(128 * 1024)},${'b'.repeat(128 * 1024 - 7)}`
    for (const header of [many, long]) {
      const commas = ','.repeat(header.split(',').length - 1)
      const read = await readText(`${header}\n1${commas}\n`)
      assert.isUndefined(read.error)
      assert.lengthOf(read.rows, 1)
    }
    for (const header of [`${many},one more`, `${long}b`]) {
      const read = await readText(`${header}\n`)
      assert.equal(codeOf(read), 'csv-header-too-large')
      assert.equal(lineOf(read), 1)
    }
  })

  test('a header over 1 MiB is not looked for any longer', async ({ assert }) => {
    assert.equal(codeOf(await readText('x'.repeat(2 * MIB))), 'csv-record-too-large')
  })

  for (const [place, text, line, rows] of [
    ['header', 'a,"b\n1,2\n', 1, 0],
    ['first row', 'a,b\n1,"2\n3,4\n', 2, 0],
    ['last row', 'a,b\r\n1,2\r\n3,"4', 3, 1],
    ['third line of a record', 'a,b\n1,2\n"x\ny\n","z\n', 5, 1],
    ['row behind a blank line', 'a,b\r\r1,2\r\r\r"3,4\r', 6, 1],
    ['row behind a rejected one', 'a,b\n1,"2"x\n"3,4\n', 3, 0],
  ] as const) {
    test(`a quote never closed in the ${place} is told with its line, behind the good rows`, async ({
      assert,
    }) => {
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const read = await readText(Buffer.from(text, encoding), { batchRows: 10 })
        assert.equal(codeOf(read), 'csv-unclosed-quote')
        assert.equal(lineOf(read), line)
        assert.include(String(read.error), `line ${line}`)
        assert.lengthOf(read.rows, rows)
      }
    })
  }

  test('a quote never closed in a big file ends the reading after 1 MiB', async ({ assert }) => {
    const before = 'p,q\n'.repeat(5000)
    const read = await readText(`a,b\n${before}"x\n","open ${'more text,\n'.repeat(MIB)}`)
    assert.equal(codeOf(read), 'csv-unclosed-quote')
    assert.equal(lineOf(read), 5003)
    assert.lengthOf(read.rows, 5000)
    assert.deepEqual(read.rejected, [])
  })
})
