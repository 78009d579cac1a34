import type { TaskState } from '#engine/task_state'

type Reported = Omit<TaskState, 'owner'>
type Columns = Readonly<Record<string, keyof Reported>>

/** What a run has reported: `seq` is that of its task. */
export interface UnsavedProgress {
  readonly seq: number
  readonly claim: number
  readonly state: Reported
  /** `false` when nothing has changed since the last write but the figures. */
  readonly hasNewLabels: boolean
}

interface Statement {
  readonly sql: string
  readonly bindings: unknown[]
}

/** What moves with each report, as columns; the version comes first. */
const figures = {
  version: 'version',
  progress: 'progress',
  current: 'current',
  rate: 'rate',
  eta_seconds: 'etaSeconds',
  updated_at: 'updatedAt',
} as const

/** The same and what a report changes seldom. */
const figuresAndLabels = {
  ...figures,
  message: 'message',
  total: 'total',
  unit: 'unit',
  eta_basis: 'etaBasis',
} as const

/** All that a report may change, as columns. */
export function reported(state: Reported): Record<string, unknown> {
  const columns = Object.entries(figuresAndLabels)
  return Object.fromEntries(columns.map(([name, key]) => [name, state[key]]))
}

/**
 * The statements that write progress, each for very many tasks: of most of them the figures only, as
 * half of the columns takes little more than half of the time.
 */
export function progressStatements(changed: readonly UnsavedProgress[]): Statement[] {
  return [figures, figuresAndLabels].flatMap((columns) => {
    const some = changed.filter(({ hasNewLabels }) => hasNewLabels === (columns !== figures))
    return some.length > 0 ? [statementOf(some, columns)] : []
  })
}

function statementOf(changed: readonly UnsavedProgress[], columns: Columns): Statement {
  const keys = Object.values(columns)
  const bindings: unknown[] = []
  for (const { seq, claim, state } of changed) {
    bindings.push(seq, claim)
    for (const key of keys) bindings.push(state[key])
  }
  // Powers of two, as each size is a statement that is kept: what is left over is nobody's.
  const rows = 2 ** Math.ceil(Math.log2(changed.length))
  while (bindings.length < rows * (keys.length + 2)) bindings.push(null)
  const row = `(?, ?${', ?'.repeat(keys.length)})`
  const values = Object.keys(columns).map((name, at) => `${name} = r.column${at + 3}`)
  // The `+` keeps SQLite from going by the index of `status`, which reads all rows for each task.
  const sql = `update tasks set ${values.join(', ')}
    from (values ${Array(rows).fill(row).join(', ')}) as r
    where tasks.seq = r.column1 and tasks.claim = r.column2
      and +tasks.status = 'processing' and tasks.version < r.column3`
  return { sql, bindings }
}
