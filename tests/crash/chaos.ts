/*
| npm run chaos [-- <cycles>]: kills a real server that often, at random moments and at every
| landmark in turn, and says what became of it. Ends with 1 when anything was wrong.
*/

import { Chaos, deaths, describe } from '#tests/helpers/chaos'

const cycles = Number(process.argv[2] ?? 60)
const report = await Chaos.run(
  Array.from({ length: cycles }, (_, cycle) => deaths[cycle % deaths.length])
)
process.stdout.write(`${describe(report)}\n`)
process.exit(report.violations.length > 0 ? 1 : 0)
