import type { StoredTask } from '#engine/stored_task'
import type { TaskTable } from '#engine/task_table'
import type { Runners } from '#engine/runners'

const died = { code: 'interrupted', message: 'The server died while the task ran.' }
const expired = { code: 'expired', message: 'The task waited too long for its first attempt.' }

/**
 * Takes over what dead runners of this host left `processing`, and ends what waited too long. Safe
 * to run in several processes at once: each task is changed by one of them. Gives those it changed.
 */
export async function recover(table: TaskTable, runners: Runners): Promise<StoredTask[]> {
  const changed: StoredTask[] = []
  for (const runner of await table.activeRunners()) {
    if (!runners.isAlive(runner)) changed.push(...(await table.recover(runner, died)))
  }
  changed.push(...(await table.expire(expired)))
  return changed
}
