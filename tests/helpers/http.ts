import env from '#start/env'
import app from '@adonisjs/core/services/app'
import { readdir } from 'node:fs/promises'
import type { Snapshot } from '#engine/snapshot'

/** Where the server of the tests is. */
export const base = () => `http://${process.env.HOST}:${process.env.PORT}`

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The task, or the problem. */
  readonly body: Snapshot & { code: string; detail: string; input: object }
}

export type Options = {
  headers?: Record<string, string>
  body?: RequestInit['body']
  signal?: AbortSignal
}

/** Sends a request and reads the answer whole. */
export async function send(method: string, path: string, options: Options = {}): Promise<Answer> {
  const answer = await fetch(`${base()}${path}`, { method, ...options })
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  const body = isJson && text ? JSON.parse(text) : null
  return { status: answer.status, headers: answer.headers, text, body }
}

/** `POST /tasks` with a JSON body. */
export function start(body: object, headers: Record<string, string> = {}): Promise<Answer> {
  return send('POST', '/tasks', {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** `POST /tasks` that uploads a file to be imported. */
export function startImport(
  { dataset, content, id }: { dataset: string; content: string; id?: string },
  headers: Record<string, string> = {}
): Promise<Answer> {
  const form = new FormData()
  if (id) form.append('id', id)
  form.append('type', 'import-csv')
  form.append('input', JSON.stringify({ dataset }))
  form.append('file', new File([content], 'a.csv'))
  return send('POST', '/tasks', { body: form, headers })
}

/** The names of the stored files below a folder: `incoming`, `uploads`. */
export async function filesIn(folder: string): Promise<string[]> {
  const root = app.makePath(env.get('STORAGE_PATH'))
  const entries = await readdir(`${root}/${folder}`, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

/** Those that belong to a task. */
export async function filesOf(id: string): Promise<string[]> {
  return (await filesIn('uploads')).filter((name) => name.startsWith(id))
}
