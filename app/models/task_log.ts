import { TaskLogSchema } from '#database/schema'

/** One line that a task has logged: its row in `task_logs`. */
export default class TaskLog extends TaskLogSchema {
  static selfAssignPrimaryKey = true
}
