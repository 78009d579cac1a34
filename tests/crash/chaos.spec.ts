import { test } from '@japa/runner'
import { spawnSync } from 'node:child_process'
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

  test('is not green where it would test nothing: {$self}')
    .with(['abc', '0', '2.5', '60 0'])
    .run(({ assert }, words) => {
      const args = ['--import=@poppinss/ts-exec', 'tests/crash/chaos.ts', ...words.split(' ')]
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      assert.equal(status, 1)
      assert.match(stderr, /^Usage: npm run chaos .*\n$/)
    })
})
