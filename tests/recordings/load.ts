import { startImport } from '#tests/helpers/import_file'

/** How the conditions of a run change while it runs. */
export const LOADS = ['steady', 'slowing', 'bursty'] as const
export type Load = (typeof LOADS)[number]

/** Bytes: more than a rival gets through before it is cancelled. */
const RIVAL_SIZE = 60e6

/** A file of about `bytes` bytes whose rows are even, get narrower (more work a byte), or ragged. */
export function csvOf(load: Load, bytes: number): string {
  const parts = ['id,name,note']
  let written = 0
  for (let row = 1; written < bytes; row++) {
    const line = `${row},name of ${row},${'x'.repeat(widthOf(load, written / bytes))}`
    parts.push(line)
    written += line.length + 1
  }
  return parts.join('\n')
}

function widthOf(load: Load, done: number): number {
  switch (load) {
    case 'steady':
      return 40
    case 'slowing':
      return Math.round(300 * (1 - done) ** 2)
    case 'bursty':
      return Math.random() < 0.5 + Math.sin(done * 40) / 2 ? 250 : 0
  }
}

const rivalFile = csvOf('steady', RIVAL_SIZE)

/** Imports that compete with the recorded task in the same server: they come, go, or grow in number. */
export class Rivals {
  readonly #url: string
  readonly #running: string[] = []

  constructor(url: string) {
    this.#url = url
  }

  get count(): number {
    return this.#running.length
  }

  async add(): Promise<void> {
    const task = await startImport(this.#url, rivalFile)
    this.#running.push(task.id)
  }

  async removeAll(): Promise<void> {
    for (const id of this.#running.splice(0)) {
      await fetch(`${this.#url}/tasks/${id}/cancel`, { method: 'POST' })
    }
  }
}
