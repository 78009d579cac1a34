import { test } from '@japa/runner'
import { endOf } from '#tests/helpers/waiting'
import { startScript } from '#tests/helpers/scripted'
import type { Scripted } from '#tests/helpers/scripted'

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

test.group('Bad reports fail the task with a clear code', () => {
  test('{title}')
    .with([
      {
        title: 'a message of 100 KB',
        code: 'invalid-report',
        message:
          'scripted: message must be a text of at most 500 characters, got a text of 100000 characters',
        report: (task: Scripted) => task.progress(1, 'x'.repeat(100_000)),
      },
      {
        title: 'a progress of NaN',
        code: 'invalid-report',
        message: 'scripted: progress must be a finite number or null, got NaN',
        report: (task: Scripted) => task.progress(Number.NaN),
      },
      {
        title: 'a progress that is a cyclic object',
        code: 'invalid-report',
        message: 'scripted: progress must be a finite number or null, got a value of type object',
        report: (task: Scripted) => task.progress(cyclic as unknown as number),
      },
      {
        title: 'a result that is a cyclic object',
        code: 'invalid-result',
        message: 'scripted: the result is no JSON',
        report: () => cyclic,
      },
      {
        title: 'a result that is a BigInt',
        code: 'invalid-result',
        message: 'scripted: the result is no JSON',
        report: () => 1n,
      },
      {
        title: 'a checkpoint that is a cyclic object',
        code: 'invalid-checkpoint',
        message: 'scripted: the checkpoint is no JSON',
        report: (task: Scripted) => task.commit(cyclic, () => {}),
      },
    ])
    .run(async ({ assert }, { report, code, message }) => {
      const end = await endOf(await startScript(async (task) => report(task)))
      assert.equal(end.snapshot.status, 'failed')
      assert.deepEqual(end.snapshot.error, { code, message })
    })

  test('whatever a task throws fails that task, and no other', async ({ assert }) => {
    const deep = JSON.parse('['.repeat(500) + ']'.repeat(500))
    for (const [odd, code] of [
      [Object.create(null), 'task-error'],
      [Object.assign(new Error('x'), { message: 42 }), 'task-error'],
      [undefined, 'task-error'],
      [Symbol('x'), 'task-error'],
    ] as const) {
      const id = await startScript(async () => {
        throw odd
      })
      assert.equal((await endOf(id)).snapshot.error?.code, code)
    }
    const id = await startScript(async () => deep)
    assert.equal((await endOf(id)).snapshot.error?.code, 'invalid-result')
  })

  test('an error of the system does not tell our paths', async ({ assert }) => {
    const { readFile } = await import('node:fs/promises')
    const id = await startScript(() => readFile('/no/such/secret/path'))
    assert.equal((await endOf(id)).snapshot.error?.message, 'The system says ENOENT.')
  })

  test('half a character in a message is told and read as the same', async ({ assert }) => {
    const id = await startScript(async (task) => task.progress(1, 'x\ud800'))
    assert.equal((await endOf(id)).snapshot.message, 'x\ufffd')
  })

  test('what was reported before a bad report stays', async ({ assert }) => {
    const id = await startScript(async (task) => {
      task.progress(40, 'fine so far')
      task.progress(Number.NaN, 'never seen')
    })
    const { snapshot } = await endOf(id)
    assert.equal(snapshot.progress, 40)
    assert.equal(snapshot.message, 'fine so far')
  })

  test('an error of any other kind is told as task-error, without its stack', async ({
    assert,
  }) => {
    const id = await startScript(async () => {
      throw new Error('the disk is gone')
    })
    const { snapshot, json } = await endOf(id)
    assert.deepEqual(snapshot.error, { code: 'task-error', message: 'the disk is gone' })
    assert.notInclude(json, '.ts:')
  })
})
