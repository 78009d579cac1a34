import { TaskGone } from '#engine/errors'
import { problems } from '#exceptions/problem'
import * as http from '#exceptions/http_errors'
import { logPageValidator } from '#validators/task'
import { json, type Operations } from '#openapi/operation'

const notFound = [http.TaskNotFound, TaskGone]
const bytes = { '*/*': {} }
const fileHeaders = [
  'Accept-Ranges?',
  'Content-Disposition?',
  'X-Content-Type-Options?',
  'Cache-Control',
  'ETag',
] as const

/** What tasks leave behind. */
export const resultOperations: Operations = {
  'GET /tasks/:id/result': {
    summary: 'The result of a completed task',
    description:
      'JSON, or a file. Of a task that ended without one: the `code` with which it ended, and 422.',
    heeds: ['If-None-Match', 'If-Range', 'Range'],
    answers: {
      200: {
        description: 'The JSON that the task gave, or the whole file.',
        headers: fileHeaders,
        content: { 'application/json': { schema: {} }, ...bytes },
      },
      206: {
        description: 'The part of the file that was asked for.',
        headers: [...fileHeaders, 'Content-Range'],
        content: bytes,
      },
      304: {
        description: 'The client has it.',
        headers: ['Accept-Ranges?', 'Cache-Control', 'ETag'],
      },
    },
    problems: [
      ...notFound,
      http.ResultNotReady,
      http.EndedWithoutResult,
      http.ResultFileMissing,
      http.RangeNotSatisfiable,
    ],
  },
  'GET /tasks/:id/logs': {
    summary: 'What a task has logged, the oldest line first',
    query: logPageValidator,
    answers: { 200: json('A page of lines.', 'LogPage', ['Cache-Control']) },
    problems: [...notFound, problems.invalidInput],
  },
}
