import { TaskSchema } from '#database/schema'

/** One run of a task type: its row in `tasks`. */
export default class Task extends TaskSchema {
  static selfAssignPrimaryKey = true
}
