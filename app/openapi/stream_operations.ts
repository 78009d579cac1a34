import { problems } from '#exceptions/problem'
import * as http from '#exceptions/http_errors'
import { shape, type Operations } from '#openapi/operation'
import { streamValidator, subscriptionValidator } from '#validators/stream'

/** On the channel `$$transmit/ping`. */
const ping = { type: 'object', additionalProperties: false }

const message = {
  type: 'object',
  properties: {
    channel: { type: 'string' },
    payload: { anyOf: [shape('Snapshot'), shape('TaskListFrame'), ping] },
  },
  required: ['channel', 'payload'],
  additionalProperties: false,
}

/** Transmit's own routes. */
export const streamOperations: Operations = {
  'GET /__transmit/events': {
    summary: 'Open a stream',
    description:
      'For `@adonisjs/transmit-client`. The uid is the secret of the client. The channel `long-task/<id>` carries the snapshots of a task, `long-tasks` those of all; `$$transmit/ping`, which the client ignores, says after 15 s that there is nothing to say.',
    query: streamValidator,
    answers: {
      200: {
        description: 'The stream.',
        headers: ['Cache-Control', 'X-Accel-Buffering?', 'Expire?', 'Pragma?'],
        content: { 'text/event-stream': { message } },
      },
    },
    problems: [problems.invalidInput, http.StreamTaken],
  },
  'POST /__transmit/subscribe': {
    summary: 'Subscribe a stream to a channel',
    description: 'Answered on the stream with the newest snapshot of the task, once it exists.',
    body: subscriptionValidator,
    answers: { 204: { description: 'It is subscribed.' } },
    problems: [
      problems.invalidInput,
      http.StreamNotFound,
      http.ChannelDenied,
      http.TooManyChannels,
    ],
  },
  'POST /__transmit/unsubscribe': {
    summary: 'Unsubscribe a stream from a channel',
    body: subscriptionValidator,
    answers: { 204: { description: 'It is not subscribed.' } },
    problems: [problems.invalidInput, http.StreamNotFound],
  },
}
