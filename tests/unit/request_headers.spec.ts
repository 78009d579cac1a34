import { test } from '@japa/runner'
import { preferredWait } from '#validators/prefer'
import { idempotencyKey } from '#validators/idempotency_key'

test.group('Prefer: wait=N (RFC 7240)', () => {
  test('"{header}" means {seconds}')
    .with([
      { header: 'wait=10', seconds: 10 },
      { header: 'WAIT = 10', seconds: 10 },
      { header: 'wait="10"', seconds: 10 },
      { header: 'wait=0', seconds: 0 },
      { header: 'wait=61', seconds: 60 },
      { header: 'wait=99999999999999999999', seconds: 60 },
      { header: 'wait=10; strict', seconds: 10 },
      { header: 'respond-async, wait=10', seconds: 10 },
      { header: 'foo="a, wait=5", wait=10', seconds: 10 },
      { header: 'foo="a\\", wait=5", wait=10', seconds: 10 },
      // Only the first instance counts.
      { header: 'wait=10, wait=20', seconds: 10 },
      { header: 'wait=x, wait=20', seconds: null },
      // A parameter of another preference.
      { header: 'respond-async; wait=10', seconds: null },
      { header: 'foo="wait=10', seconds: null },
      { header: 'await=10', seconds: null },
      { header: 'wait', seconds: null },
      { header: 'wait=', seconds: null },
      { header: 'wait=-1', seconds: null },
      { header: 'wait=1e3', seconds: null },
      { header: 'wait=1.5', seconds: null },
      { header: 'wait=0x10', seconds: null },
      { header: 'wait="10', seconds: null },
      { header: 'wait=1 0', seconds: null },
      { header: ',;=",', seconds: null },
      { header: '', seconds: null },
    ])
    .run(({ assert }, { header, seconds }) => {
      assert.equal(preferredWait(header), seconds)
    })

  test('no header means no wait', ({ assert }) => {
    assert.isNull(preferredWait(undefined))
  })
})

test.group('Idempotency-Key', () => {
  test('{header} is the key {key}')
    .with([
      { header: '"abc"', key: 'abc' },
      { header: 'abc', key: 'abc' },
      { header: '  "abc"  ', key: 'abc' },
      { header: '"a \\"b\\" \\\\c, d"', key: 'a "b" \\c, d' },
      { header: 'k_1/2+3=.:~-', key: 'k_1/2+3=.:~-' },
      { header: 'x'.repeat(255), key: 'x'.repeat(255) },
      { header: `"${'\\"'.repeat(255)}"`, key: '"'.repeat(255) },
    ])
    .run(({ assert }, { header, key }) => {
      assert.equal(idempotencyKey(header), key)
    })

  test('{$self} is refused')
    .with([
      '',
      '""',
      '"',
      '"abc',
      'abc"',
      '"a"b"',
      '"a\\b"',
      '"abc\\"',
      'a b',
      'a, b',
      '"a", "b"',
      '"a"; b',
      'a\\b',
      'é',
      '"é"',
      'a\tb',
      'x'.repeat(256),
      `"${'x'.repeat(256)}"`,
    ])
    .run(({ assert }, header) => {
      assert.throws(() => idempotencyKey(header), /one string of 1 to 255/)
    })

  test('no header means no key', ({ assert }) => {
    assert.isUndefined(idempotencyKey(undefined))
  })
})
