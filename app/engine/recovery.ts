import type Task from '#models/task'
import type { TaskTable } from '#engine/task_table'
import type { RunnerLock } from '#engine/runner_lock'

/**
 * Ends what dead runners of this host left `processing`. Safe to run in several processes at once:
 * each task is ended by one of them. Gives the tasks that it ended.
 */
export async function recover(table: TaskTable, lock: RunnerLock): Promise<Task[]> {
  const ended: Task[] = []
  for (const runner of await table.activeRunners()) {
    if (lock.isAlive(runner)) continue
    const message = 'The server died while the task ran.'
    ended.push(...(await table.endOrphans(runner, { code: 'interrupted', message })))
  }
  return ended
}
