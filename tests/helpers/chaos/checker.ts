import SQLite from 'better-sqlite3'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'

/** A task as the checker reads it from the file. */
export interface Row {
  readonly id: string
  readonly type: string
  readonly status: string
  readonly version: number
  readonly attempt: number
}

/** Reads the server's data with SQL of its own, never what a task says of itself. */
export class Checker {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What the server under test has read of uploads, to be loaded into it (see read_log.ts). */
  get readLog(): string {
    return join(this.#folder, 'reads.log')
  }

  rows(): Map<string, Row> {
    const rows = this.#all<Row>('select id, type, status, version, attempt from tasks')
    return new Map(rows.map((row) => [row.id, row]))
  }

  /** Of the rows that an import has left: how many, how many different ones, and their sum. */
  imported(id: string): { count: number; ids: number; sum: number } {
    const [totals] = this.#all<{ count: number; ids: number; sum: number }>(
      `select count(*) as count, count(distinct data ->> 'id') as ids, sum(data ->> 'id') as sum
       from dataset_rows where task_id = '${id}'`
    )
    return totals
  }

  /** Bytes that were read of the upload of a task, by all its runs. */
  bytesRead(id: string): number {
    let bytes = 0
    for (const line of readFileSync(this.readLog, 'utf8').split('\n')) {
      if (line.includes(`/uploads/${id}`)) bytes += Number(line.split(' ')[1])
    }
    return bytes
  }

  #all<Columns>(sql: string): Columns[] {
    const file = new SQLite(join(this.#folder, 'db.sqlite3'), { readonly: true })
    try {
      return file.prepare(sql).all() as Columns[]
    } finally {
      file.close()
    }
  }
}

export function isOver({ status }: Row): boolean {
  return status !== 'queued' && status !== 'processing'
}
