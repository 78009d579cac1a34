import fc from 'fast-check'
import { test } from '@japa/runner'
import Task from '#models/task'
import db from '@adonisjs/lucid/services/db'
import type { Run } from '#engine/run'
import { stored } from '#tests/helpers/stored'
import { ownTime } from '#tests/helpers/own_time'
import { LiveTask } from '#engine/live_task'
import { TaskTable } from '#engine/task_table'
import { ProgressWriter } from '#engine/progress_writer'
import type { StoredTask } from '#engine/stored_task'
import { LoggerFactory } from '@adonisjs/core/factories/logger'

const TASKS = 5

const task = fc.nat(TASKS - 1)
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
/** Few values: most reports leave most of them as they are. */
const report = fc.record(
  {
    progress: orNull(fc.nat(100)),
    current: orNull(fc.nat(100)),
    message: orNull(fc.constantFrom('begins', 'goes on')),
    total: orNull(fc.constantFrom(50, 100)),
    unit: orNull(fc.constantFrom('rows', 'files')),
  },
  { requiredKeys: [] }
)
const reports = fc.array(fc.record({ task, report }), { maxLength: 6 })
const fails = fc.constantFrom('before it wrote', 'after it wrote', null)
const round = fc.record({ before: reports, during: reports, fails })

test.group('The write of progress', (group) => {
  group.each.timeout(60_000)
  group.each.teardown(async () => {
    await Task.query().where('owner', 'nobody').delete()
  })

  /** So many tasks that run, as nobody's process would, and the writer that has to write them. */
  async function running(count: number) {
    const table = new TaskTable(db)
    const writer = new ProgressWriter(table, new LoggerFactory().create())
    const runs: Run[] = []
    while (runs.length < count) {
      const id = await stored({ status: 'processing', claim: 1, attempt: 1 })
      const claimed = (await table.find(id)) as StoredTask
      const run = {
        task: claimed,
        claim: 1,
        live: new LiveTask(claimed, () => writer.note(run)),
      } as Run
      runs.push(run)
    }
    /** What is known of each, in memory and in the table. */
    const known = async () => {
      const rows = await table.findMany(runs.map(({ task: { id } }) => id))
      const byId = new Map(rows.map((row) => [row.id, row]))
      return runs.map(({ live, task: { id } }) => ({ memory: live.state, row: byId.get(id) }))
    }
    return { table, writer, runs, known }
  }

  test('leaves the table as the memory, whatever is reported meanwhile and fails', async ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const check = fc.asyncProperty(fc.array(round, { maxLength: 8 }), async (rounds) => {
      const { table, writer, runs, known } = await running(TASKS)
      const tell = (told: { task: number; report: object }[]) => {
        for (const { task: which, report: what } of told) {
          // Each is cut at once.
          pass(1000)
          runs[which].live.report(what)
        }
      }
      for (const { before, during, fails: when } of rounds) {
        tell(before)
        table.saveProgress = async (changed) => {
          const some = when === 'before it wrote' ? [] : changed
          const saved = TaskTable.prototype.saveProgress.call(table, some)
          tell(during)
          await saved
          if (when) throw new Error(`as asked, ${when}`)
        }
        await writer.save()
      }
      table.saveProgress = TaskTable.prototype.saveProgress
      await writer.save()
      for (const { memory, row } of await known()) assert.containSubset(row, memory)
    })
    await fc.assert(check, { numRuns: 150 })
  })

  test('takes in all of very many, a part of them at a time', async ({ assert, cleanup }) => {
    const pass = ownTime(cleanup)
    const { writer, runs, known } = await running(600)
    for (const current of [1, 2]) {
      pass(1000)
      // Some have a message, which is written with the figures or not at all.
      runs.forEach(({ live }, at) =>
        live.report({ current, message: at % 3 ? null : `at ${current}` })
      )
      await writer.save()
      for (const { memory, row } of await known()) assert.containSubset(row, memory)
    }
  })

  test('leaves out what a report changes seldom where it is as it was', async ({
    assert,
    cleanup,
  }) => {
    const pass = ownTime(cleanup)
    const { table, writer, runs } = await running(2)
    const written: boolean[][] = []
    table.saveProgress = (changed) => {
      written.push(changed.map(({ hasNewLabels }) => hasNewLabels))
      return TaskTable.prototype.saveProgress.call(table, changed)
    }
    for (const message of ['a', 'a', 'b']) {
      pass(1000)
      runs[0].live.report({ current: 1 })
      runs[1].live.report({ current: 1, message })
      await writer.save()
    }
    assert.deepEqual(written, [
      [true, true],
      [false, false],
      [false, true],
    ])
  })
})
