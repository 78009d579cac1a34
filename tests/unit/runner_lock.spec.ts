import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { test } from '@japa/runner'
import { randomUUID } from 'node:crypto'
import { RunnerLock } from '#engine/runner_lock'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'

test.group('A runner is dead', (group) => {
  let folder: string
  let lock: RunnerLock
  group.each.setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-locks-'))
    lock = new RunnerLock(folder)
    return async () => {
      await lock.release()
      await rm(folder, { recursive: true })
    }
  })

  test('when its lock can be taken, or it has none', async ({ assert }) => {
    const id = randomUUID()
    await writeFile(join(folder, `${id}.lock`), '')
    assert.isFalse(lock.isAlive(id))
    assert.isFalse(lock.isAlive(randomUUID()))
  })

  test('not while another one holds the lock', async ({ assert, cleanup }) => {
    const other = new RunnerLock(folder)
    cleanup(() => other.release())
    assert.isTrue(lock.isAlive(other.id))
  })

  test('not when its lock is there and can not be looked at', async ({ assert }) => {
    const [folderInstead, garbage] = [randomUUID(), randomUUID()]
    await mkdir(join(folder, `${folderInstead}.lock`))
    await writeFile(join(folder, `${garbage}.lock`), 'x'.repeat(4096))
    assert.isTrue(lock.isAlive(folderInstead))
    assert.isTrue(lock.isAlive(garbage))
  })
})
