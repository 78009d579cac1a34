/*
| npm run chaos [-- <cycles> [<lanes>]]: kills real servers that often, at random moments and at
| every landmark in turn, and says what became of them. The lanes, each with a server of its own, run
| at once: a stock client waits 4–8 s before it comes back. Ends with 1 when anything was wrong.
*/

import { describe } from '#tests/helpers/chaos/report'
import { Chaos, deaths } from '#tests/helpers/chaos/chaos'

const args = process.argv.slice(2)
if (args.length > 2 || !args.every((arg) => /^[1-9]\d*$/.test(arg))) {
  process.stderr.write(
    'Usage: npm run chaos [-- <cycles> [<lanes>]], each a whole number from 1.\n'
  )
  process.exit(1)
}
const [cycles = 60, lanes = 4] = args.map(Number)
const report = await Chaos.run(
  Array.from({ length: cycles }, (_, cycle) => deaths[cycle % deaths.length]),
  { lanes, program: 'build', say: (line) => void process.stderr.write(`${line}\n`) }
)
process.stdout.write(`${describe(report)}\n`)
process.exit(report.violations.length > 0 ? 1 : 0)
