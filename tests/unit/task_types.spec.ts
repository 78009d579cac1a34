import vine from '@vinejs/vine'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { test } from '@japa/runner'
import Simulate from '#tasks/simulate'
import { LongTask } from '#engine/long_task'
import { TaskTypes } from '#engine/task_types'
import { pathToFileURL } from 'node:url'
import app from '@adonisjs/core/services/app'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'

const good = { type: 'good-one', description: 'Does something', input: vine.create({}) }

/** A task type with these statics. */
function typeWith(statics: object): unknown {
  class Candidate extends LongTask {
    async run() {}
  }
  return Object.assign(Candidate, statics)
}

test.group('The registry of task types', () => {
  test('finds what lies in app/tasks, and not the helpers below it', async ({ assert }) => {
    const types = await TaskTypes.load(app.makePath('app/tasks'))
    const files = (await readdir(app.makePath('app/tasks'))).filter((name) => name.endsWith('.ts'))
    assert.includeMembers(
      types.all().map(({ type }) => type),
      ['export-dataset', 'import-csv', 'simulate']
    )
    assert.lengthOf(types.all(), files.length)
    assert.equal(types.get('simulate'), Simulate)
  })

  test('an unknown type is told with those that there are', ({ assert }) => {
    const types = new TaskTypes()
    types.add(typeWith({ ...good, type: 'b' }), 'app/tasks/b.ts')
    types.add(typeWith({ ...good, type: 'a' }), 'app/tasks/a.ts')
    assert.throws(() => types.get('nonsense'), /"nonsense". There is: a, b/)
    assert.deepEqual(
      types.all().map(({ type }) => type),
      ['a', 'b']
    )
  })

  test('a bad file in the folder is refused with its name', async ({ assert, cleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'headway-types-'))
    cleanup(() => rm(folder, { recursive: true }))
    const base = pathToFileURL(app.makePath('app/engine/long_task.js')).href
    await writeFile(join(folder, 'broken.js'), `export default class {}; // ${base}\n`)
    await assert.rejects(
      () => TaskTypes.load(folder),
      /^app\/tasks\/broken\.js: its default export/
    )
  })

  test('a duplicate is refused with both files', ({ assert }) => {
    const types = new TaskTypes()
    types.add(typeWith(good), 'app/tasks/a.ts')
    assert.throws(
      () => types.add(typeWith(good), 'app/tasks/b.ts'),
      'app/tasks/b.ts: the type "good-one" is taken by app/tasks/a.ts'
    )
  })

  test('{title} is refused with the name of its file')
    .with([
      { title: 'no class', candidate: 42, problem: /must be a class that extends LongTask/ },
      { title: 'another class', candidate: class {}, problem: /extends LongTask/ },
      {
        title: 'no type',
        candidate: typeWith({ ...good, type: undefined }),
        problem: /static type/,
      },
      {
        title: 'a type that is no kebab-case',
        candidate: typeWith({ ...good, type: 'Good_One' }),
        problem: /kebab-case/,
      },
      {
        title: 'no description',
        candidate: typeWith({ ...good, description: ' ' }),
        problem: /static description/,
      },
      {
        title: 'an input that is no schema',
        candidate: typeWith({ ...good, input: {} }),
        problem: /vine\.create/,
      },
      {
        title: 'no run',
        candidate: Object.assign(class extends (LongTask as unknown as new () => object) {}, good),
        problem: /run\(\)/,
      },
    ])
    .run(({ assert }, { candidate, problem }) => {
      const add = () => new TaskTypes().add(candidate, 'app/tasks/x.ts')
      assert.throws(add, /^app\/tasks\/x\.ts: /)
      assert.throws(add, problem)
    })
})
