import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { resolveOwnerBy } from '#start/owner'
import { load, rowsIn } from '#tests/helpers/dataset'
import { DatasetPurge } from '#models/dataset_purge'
import { scriptInput, theEngine } from '#tests/helpers/scripted'
import { deferred, endOf, until } from '#tests/helpers/waiting'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

interface Page {
  readonly data: {
    name: string
    rows: number
    tasks: number
    createdAt: string
    updatedAt: string
  }[]
  readonly meta: { limit: number; nextCursor: string | null }
}

test.group('Datasets', (group) => {
  let owner: string
  group.each.setup(() => {
    owner = randomUUID()
    return resolveOwnerBy((ctx) => ctx.request.header('x-owner') ?? 'local')
  })

  const call = (path: string, init?: RequestInit) =>
    fetch(`${base()}${path}`, { ...init, headers: { 'x-owner': owner } })
  const list = async (query = '') => (await (await call(`/datasets${query}`)).json()) as Page
  const remove = (name: string) =>
    call(`/datasets/${encodeURIComponent(name)}`, { method: 'DELETE' })

  test('are listed by name with what is in them', async ({ assert }) => {
    const first = await load('people', 'a\n1\n2\n', owner)
    const second = await load('people', 'b\n3\n', owner)
    await load('cities', 'a\n1\n', owner)
    await load('empty', 'a\n', owner)

    const { data, meta } = await list()
    assert.deepEqual(
      data.map(({ name, rows, tasks }) => [name, rows, tasks]),
      [
        ['cities', 1, 1],
        ['people', 3, 2],
      ]
    )
    assert.deepEqual(meta, { limit: 20, nextCursor: null })
    const [, people] = data
    assert.isTrue(people.createdAt >= first.createdAt && people.createdAt <= first.updatedAt)
    assert.isTrue(people.updatedAt >= second.createdAt && people.updatedAt <= second.updatedAt)
  })

  test('come in pages', async ({ assert }) => {
    for (const name of ['c', 'Łódź', 'a', 'b/x', 'd']) await load(name, 'a\n1\n', owner)
    const names: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = await list(`?limit=2${cursor && `&cursor=${cursor}`}`)
      assert.isAtMost(page.data.length, 2)
      names.push(...page.data.map(({ name }) => name))
      cursor = page.meta.nextCursor
    }
    assert.deepEqual(names, ['a', 'b/x', 'c', 'd', 'Łódź'])
  })

  test('bad queries are refused: {$self}')
    .with([
      'limit=0',
      'limit=-1',
      'limit=101',
      'cursor=!',
      'cursor=YQ=',
      `cursor=${'a'.repeat(600)}`,
    ])
    .run(async ({ assert }, query) => {
      const answer = await call(`/datasets?${query}`)
      assert.equal(answer.status, 422)
      assert.containsSubset(await answer.json(), { code: 'invalid-input' })
    })

  test('are deleted at once, their rows soon, and nothing else', async ({ assert }) => {
    const name = `a/b ${owner}`
    const { id } = await load(name, `a\n${'1\n'.repeat(2500)}`, owner)
    await load(owner, 'a\n1\n', owner)
    const answer = await remove(name)
    assert.equal(answer.status, 204)
    assert.equal(await answer.text(), '')
    assert.deepEqual(
      (await list()).data.map((each) => each.name),
      [owner]
    )
    await until(async () => !(await db.from('dataset_rows').where('task_id', id).first()))
    await until(async () => !(await db.from('dataset_imports').where('task_id', id).first()))
    assert.lengthOf(await rowsIn(owner), 1)

    await load(name, 'a\n1\n', owner)
    assert.equal((await list()).data[0].rows, 1)
  })

  test('whose removal was interrupted are removed later', async ({ assert }) => {
    const { id } = await load('later', 'a\n1\n', owner)
    const now = new Date().toISOString()
    await db.from('dataset_imports').where('task_id', id).update({ deleted_at: now })
    assert.isEmpty((await list()).data)
    const purge = await app.container.make(DatasetPurge)
    purge.wake()
    await until(async () => !(await db.from('dataset_rows').where('task_id', id).first()))
  })

  test('404 for an unknown one, and for one of somebody else', async ({ assert }) => {
    const name = randomUUID()
    await load(name, 'a\n1\n', 'alice')
    for (const each of [name, 'unknown', '../tasks']) {
      const answer = await remove(each)
      assert.equal(answer.status, 404)
      assert.containsSubset(await answer.json(), { code: 'dataset-not-found' })
    }
    assert.lengthOf(await rowsIn(name), 1)
  })

  test('409 while a live task works with it', async ({ assert }) => {
    await load('busy', 'a\n1\n', owner)
    const go = deferred()
    const engine = await theEngine()
    const input = { ...scriptInput(() => go.promise), dataset: ' busy ' }
    const { task } = await engine.start({ owner, type: 'scripted', input })
    const answer = await remove('busy')
    assert.equal(answer.status, 409)
    assert.equal(answer.headers.get('retry-after'), '10')
    assert.containsSubset(await answer.json(), { code: 'dataset-in-use' })

    go.resolve()
    await endOf(task.cut.id)
    assert.equal((await remove('busy')).status, 204)
  })

  test('409 whatever white space surrounds the name in the task', async ({ assert }) => {
    await load('spaced', 'a\n1\n', owner)
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit))
    const spaces = units.filter((unit) => unit.trim() === '')
    assert.includeMembers(spaces, [' ', '\u00a0', '\u3000', '\ufeff'])
    const engine = await theEngine()
    for (const space of spaces) {
      const go = deferred()
      const input = { ...scriptInput(() => go.promise), dataset: `${space}spaced${space}` }
      const { task } = await engine.start({ owner, type: 'scripted', input })
      assert.equal((await remove('spaced')).status, 409, `U+${space.charCodeAt(0).toString(16)}`)
      await engine.cancel(task.cut.id, owner)
      go.resolve()
      await endOf(task.cut.id)
    }
    assert.equal((await remove('spaced')).status, 204)
  })

  test('a name that could not be deleted is refused: {$self}')
    .with(['.', ' .. ', '\ud800a', 'a\udc00'])
    .run(async ({ assert }, dataset) => {
      const form = new FormData()
      form.append('type', 'import-csv')
      form.append('input', JSON.stringify({ dataset }))
      form.append('file', new File(['a\n1\n'], 'a.csv'))
      const answer = await call('/tasks', { method: 'POST', body: form })
      assert.equal(answer.status, 422)
      assert.containsSubset(await answer.json(), {
        code: 'invalid-input',
        errors: [{ field: 'input.dataset' }],
      })
    })

  test('a name that only looks like one is deleted: {$self}')
    .with(['...', '.a', '😀', 'a\nb'])
    .run(async ({ assert }, name) => {
      await load(name, 'a\n1\n', owner)
      assert.equal((await remove(name)).status, 204)
    })
})
