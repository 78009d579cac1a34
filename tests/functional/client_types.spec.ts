import ts from 'typescript'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { test } from '@japa/runner'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

/** What somebody may write in a browser app; each line that must not compile says so. */
const sample = `
import { watchTask } from './client.js'
import type { Problem, Snapshot, StartImportCsv, StartTask, Task, TaskPage } from './api.js'

export async function start(task: StartTask): Promise<Task> {
  const answer = await fetch('/tasks', { method: 'POST', body: JSON.stringify(task) })
  if (!answer.ok) throw new Error(((await answer.json()) as Problem).code)
  return (await answer.json()) as Task
}

export function line({ status, progress, error }: Snapshot): string {
  // @ts-expect-error progress may be null
  progress.toFixed()
  // @ts-expect-error there is no such status
  if (status === 'running') return ''
  return error ? error.message : \`\${status} \${progress ?? '?'}\`
}

export async function oldest(): Promise<Task | Snapshot | undefined> {
  const page = (await (await fetch('/tasks')).json()) as TaskPage
  return page.data.at(-1)
}

void start({ type: 'simulate', input: { steps: 3 } })
// @ts-expect-error the number of steps is a number
void start({ type: 'simulate', input: { steps: 'many' } })
// @ts-expect-error there is no such type
void start({ type: 'simulation' })
// @ts-expect-error an import needs a file: it can't be started by JSON
void start({ type: 'import-csv', input: { dataset: 'people' } })

const input: StartImportCsv['input'] = { dataset: 'people', delimiter: ';' }
const watch = watchTask('/tasks/1', { onSnapshot: (task) => line(task) + input.dataset })
watch.close()
`

test.group('The types for clients', () => {
  test('are all that a browser app in TypeScript needs', async ({ assert, cleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'headway-types-'))
    cleanup(() => rm(folder, { recursive: true }))
    for (const name of ['client.d.ts', 'api.d.ts']) {
      await writeFile(join(folder, name), await (await fetch(`${base()}/${name}`)).text())
    }
    const app = join(folder, 'app.ts')
    await writeFile(app, sample)
    const program = ts.createProgram([app], {
      strict: true,
      noEmit: true,
      types: [],
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    })
    const found = ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) => {
      const line = sample.slice(0, start).split('\n').length
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
    assert.deepEqual(found, [])
  })
})
