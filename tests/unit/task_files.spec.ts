import { test } from '@japa/runner'
import Task from '#models/task'
import type { Disk } from '@adonisjs/drive'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import TaskFile from '#models/task_file'
import { stored } from '#tests/helpers/stored'
import { deferred, endOf } from '#tests/helpers/waiting'
import { TaskFiles } from '#engine/task_files'
import { startScript, theEngine } from '#tests/helpers/scripted'

test.group('Result files', () => {
  test('a run that was replaced while its file was moved leaves that of the other alone', async ({
    assert,
  }) => {
    const engine = await theEngine()
    const disk = (await app.container.make('drive.manager')).use()
    const [moving, go] = [deferred(), deferred()]
    let moves = 0
    const slow = new Proxy(disk, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'moveFromFs') return typeof value === 'function' ? value.bind(target) : value
        return async (...args: Parameters<Disk['moveFromFs']>) => {
          if (moves++ === 0) {
            moving.resolve()
            await go.promise
          }
          return disk.moveFromFs(...args)
        }
      },
    })
    const files = new TaskFiles({ db, uploads: engine.files, disk: slow })
    const id = await stored({ status: 'processing', claim: 1 })
    const { signal } = new AbortController()
    const kind = { name: 'a.txt', contentType: 'text/plain' }

    const old = files.write({ id, claim: 1, signal }, kind, 'old')
    await moving.promise
    const { key: oldKey } = await TaskFile.findByOrFail('task_id', id)
    await Task.query().where('id', id).update({ claim: 2 })
    await files.write({ id, claim: 2, signal }, kind, 'new')
    go.resolve()
    await assert.rejects(() => old, /was taken from this run/)
    const { key, claim } = await TaskFile.findByOrFail('task_id', id)
    assert.equal(claim, 2)
    assert.equal(await disk.get(key), 'new')
    assert.isFalse(await disk.exists(oldKey))
    await files.removeOf([{ id, file: null }])
    await Task.query().where('id', id).delete()
  })

  test('a task that writes two at once is told so', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await Promise.all(['a', 'b'].map((name) => task.writeResult(name, 'text/plain', name)))
    })
    assert.equal((await endOf(id)).snapshot.error?.code, 'invalid-result')
  })
})
