import { test } from '@japa/runner'
import { describe } from '#tests/helpers/chaos/report'
import { Chaos, deaths } from '#tests/helpers/chaos/chaos'

test.group('Chaos', () => {
  test('a server killed at every landmark loses, doubles and confuses nothing', async ({
    assert,
  }) => {
    const report = await Chaos.run(deaths, { lanes: 2 })
    process.stdout.write(`    ${describe(report).replaceAll('\n', '\n    ')}\n`)
    assert.deepEqual(report.violations, [])
    assert.equal(report.cycles, deaths.length)
  }).timeout(600_000)
})
