import * as engine from '#engine/errors'
import { problems } from '#exceptions/problem'
import * as http from '#exceptions/http_errors'
import { startBody } from '#openapi/start_body'
import { listTasksValidator } from '#validators/task'
import { json, shape, type Answer, type Operations } from '#openapi/operation'

const notFound = [http.TaskNotFound, engine.TaskGone]

const line = {
  schema: { type: 'string', description: 'A line that draws itself over the last one.' },
}
const events = { message: { anyOf: [shape('Snapshot'), shape('LogLine')] } }

const unchanged: Answer = {
  description: 'There is nothing newer than what the client has.',
  headers: ['ETag', 'Cache-Control', 'Retry-After?', 'Preference-Applied?'],
}
/** Where it is the page of a task. */
const pageHeaders = [
  'Content-Security-Policy?',
  'Content-Encoding?',
  'X-Content-Type-Options?',
] as const
const missing: Answer = {
  description: 'There is none, or none any more.',
  headers: ['Cache-Control', ...pageHeaders],
  content: { 'text/html': {} },
}
const cutHeaders = ['ETag', 'Cache-Control', 'Retry-After?'] as const
const startHeaders = [
  ...cutHeaders,
  'Location',
  'Idempotent-Replayed?',
  'Preference-Applied?',
] as const
const started = {
  200: json('The task, which ended while the client waited (`Prefer`).', 'Task', startHeaders),
  202: json('The task. It is stored before the answer.', 'Task', startHeaders),
}
const starting = [
  http.InvalidIdempotencyKey,
  engine.IdempotencyKeyReused,
  engine.UnknownTaskType,
  engine.QueueFull,
  engine.EngineStopping,
]
const streamHeaders = ['Cache-Control', 'X-Accel-Buffering?'] as const
const over: Answer = {
  description: 'The task has ended, and the client has its last snapshot: nothing is to come.',
}

/** Tasks: start one, look at it, follow it, stop it. */
export const taskOperations: Operations = {
  'POST /tasks': {
    summary: 'Start a task',
    description:
      'The same `id` with the same body again answers with the task as it is, with another body 409.',
    heeds: ['Idempotency-Key', 'Prefer'],
    body: startBody,
    answers: started,
    problems: [
      ...starting,
      problems.invalidInput,
      http.MalformedMultipart,
      http.UnsupportedBody,
      http.UploadIdle,
      engine.TaskIdTaken,
      engine.TaskGone,
      engine.FileTooLarge,
    ],
  },
  'GET /tasks': {
    summary: 'List tasks, newest first',
    query: listTasksValidator,
    answers: { 200: json('A page of tasks.', 'TaskPage', ['Cache-Control']) },
    problems: [problems.invalidInput],
  },
  'GET /tasks/:id': {
    summary: 'A task, in every status',
    description:
      'JSON, or by `Accept` the stream of `/tasks/{id}/events`, a line that draws itself, or the page of the task for browsers.',
    heeds: ['If-None-Match', 'Last-Event-ID'],
    answers: {
      200: {
        description: 'The task; or its stream, which has no ETag.',
        headers: [
          ...(['ETag?', 'Cache-Control', 'Retry-After?', 'X-Accel-Buffering?'] as const),
          ...pageHeaders,
        ],
        content: {
          'application/json': { schema: shape('Task') },
          'text/event-stream': events,
          'text/plain': line,
          'text/html': {},
        },
      },
      204: over,
      304: { ...unchanged, headers: [...(unchanged.headers ?? []), ...pageHeaders] },
      404: missing,
      410: missing,
    },
    problems: notFound,
  },
  'DELETE /tasks/:id': {
    summary: 'Forget a finished task and its files',
    description: 'Its id stays taken: its address answers 410.',
    heeds: ['If-Match'],
    answers: { 204: { description: 'It is forgotten.' } },
    problems: [...notFound, http.TaskLive, http.PreconditionFailed],
  },
  'GET /tasks/:id/progress': {
    summary: 'Poll a task',
    description:
      '`Prefer: wait=N` holds the answer until there is a newer version than at arrival. With `If-None-Match` only while that names the version of then, by its whole ETag; else the answer comes at once.',
    heeds: ['If-None-Match', 'Prefer'],
    answers: {
      200: json('The snapshot.', 'Snapshot', [...cutHeaders, 'Preference-Applied?']),
      304: unchanged,
    },
    problems: notFound,
  },
  'GET /tasks/:id/events': {
    summary: 'Follow a task to its end in one request',
    description:
      'The snapshot first, then every newer one, and the newest again every 15 s; the id of an event is the version. Lines that the task logs come as `event: log`. Ends after the last snapshot.',
    heeds: ['Last-Event-ID'],
    answers: {
      200: {
        description: 'The stream.',
        headers: streamHeaders,
        content: { 'text/event-stream': events, 'text/plain': line },
      },
      204: over,
    },
    problems: notFound,
  },
  'POST /tasks/:id/cancel': {
    summary: 'Stop a task',
    heeds: ['If-Match'],
    answers: {
      200: json('It is cancelled.', 'Task', cutHeaders),
      202: json('It is asked to stop.', 'Task', cutHeaders),
    },
    problems: [...notFound, http.TaskFinished, http.PreconditionFailed],
  },
  'POST /tasks/:id/retry': {
    summary: 'Start a new task that goes on where a failed or cancelled one stopped',
    description: 'With the same input, file and checkpoint. The old one stays as it is.',
    heeds: ['Idempotency-Key', 'If-Match', 'Prefer'],
    answers: started,
    problems: [...notFound, http.NotRetryable, http.PreconditionFailed, ...starting],
  },
}
