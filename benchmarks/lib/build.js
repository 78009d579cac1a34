import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, rm, symlink } from 'node:fs/promises'

const root = join(import.meta.dirname, '../..')

/**
 * Makes the production build in a scratch copy, so that `build/` stays as it is, and adds the task
 * types of the bench to it. Gives its folder.
 */
export async function build(folder) {
  const copy = join(folder, 'source')
  const skipped = ['node_modules', 'build', 'tmp', '.git', 'benchmarks', '.env'].map((name) =>
    join(root, name)
  )
  await rm(copy, { recursive: true, force: true })
  await mkdir(copy, { recursive: true })
  await cp(root, copy, { recursive: true, filter: (path) => !skipped.includes(path) })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  const options = { cwd: copy, encoding: 'utf8' }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['ace.js', 'build'], options)
  if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`)
  await cp(join(root, 'benchmarks/tasks'), join(copy, 'build/app/tasks'), { recursive: true })
  return join(copy, 'build')
}
