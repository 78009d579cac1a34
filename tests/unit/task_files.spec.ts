import { test } from '@japa/runner'
import Task from '#models/task'
import type { Disk } from '@adonisjs/drive'
import app from '@adonisjs/core/services/app'
import db from '@adonisjs/lucid/services/db'
import TaskFile from '#models/task_file'
import { lock } from '#tests/helpers/locked'
import { stored } from '#tests/helpers/stored'
import { deferred, endOf } from '#tests/helpers/waiting'
import { TaskFiles } from '#engine/task_files'
import { startScript, theEngine } from '#tests/helpers/scripted'

async function theDisk(): Promise<Disk> {
  return (await app.container.make('drive.manager')).use()
}

/** The disk, some of whose methods are others. */
function diskWith(disk: Disk, methods: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get(target, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test.group('Result files', () => {
  test('a run that was replaced while its file was moved leaves that of the other alone', async ({
    assert,
  }) => {
    const engine = await theEngine()
    const disk = await theDisk()
    const [moving, go] = [deferred(), deferred()]
    let moves = 0
    const slow = diskWith(disk, {
      moveFromFs: async (...args) => {
        if (moves++ === 0) {
          moving.resolve()
          await go.promise
        }
        return disk.moveFromFs(...args)
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

  test('a database that is locked for a moment fails neither a second file nor the first error', async ({
    assert,
    cleanup,
  }) => {
    const id = await stored({ status: 'processing', claim: 1 })
    const run = { id, claim: 1, signal: new AbortController().signal }
    const kind = { name: 'a.txt', contentType: 'text/plain' }
    const [uploads, disk] = [(await theEngine()).files, await theDisk()]
    const files = new TaskFiles({ db, uploads, disk })
    await files.write(run, kind, 'first')
    const { key: first } = await TaskFile.findByOrFail('task_id', id)

    const deletes = await lock(/^delete from `task_files`/, 2)
    cleanup(deletes.unlock)
    await files.write(run, kind, 'second')
    assert.equal(deletes.left(), 0)
    const { key } = await TaskFile.findByOrFail('task_id', id)
    assert.equal(await disk.get(key), 'second')
    assert.isFalse(await disk.exists(first))

    const failing = diskWith(disk, { moveFromFs: () => Promise.reject(new Error('No such disk')) })
    const again = await lock(/^delete from `task_files`/, 2)
    cleanup(again.unlock)
    const third = new TaskFiles({ db, uploads, disk: failing }).write(run, kind, 'third')
    await assert.rejects(() => third, 'No such disk')
    assert.equal(again.left(), 0)
    assert.lengthOf(await TaskFile.query().where('task_id', id), 1)
    await files.removeOf([{ id, file: null }])
    await Task.query().where('id', id).delete()
  })

  test('one that can not be removed keeps no other from it', async ({ assert }) => {
    const [uploads, disk] = [(await theEngine()).files, await theDisk()]
    const files = new TaskFiles({ db, uploads, disk })
    const tasks: { id: string; file: null }[] = []
    for (let made = 0; made < 3; made++) {
      const id = await stored({ status: 'processing', claim: 1 })
      const { signal } = new AbortController()
      await files.write({ id, claim: 1, signal }, { name: 'a', contentType: 'text/plain' }, 'a')
      tasks.push({ id, file: null })
    }
    const ids = tasks.map(({ id }) => id)
    const left = () => TaskFile.query().whereIn('task_id', ids)
    const [{ key: stuck }] = await left()
    const failing = diskWith(disk, {
      delete: (key) => {
        return key === stuck ? Promise.reject(new Error('It is stuck')) : disk.delete(key)
      },
    })
    const removing = new TaskFiles({ db, uploads, disk: failing }).removeOf(tasks)
    await assert.rejects(() => removing, 'It is stuck')
    assert.deepEqual(
      (await left()).map(({ key }) => key),
      [stuck]
    )
    await files.removeOf(tasks)
    assert.isEmpty(await left())
    await Task.query().whereIn('id', ids).delete()
  })

  test('a task that writes two at once is told so', async ({ assert }) => {
    const id = await startScript(async (task) => {
      await Promise.all(['a', 'b'].map((name) => task.writeResult(name, 'text/plain', name)))
    })
    assert.equal((await endOf(id)).snapshot.error?.code, 'invalid-result')
  })
})
