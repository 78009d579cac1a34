import { json, type Answer, type Operations } from '#openapi/operation'

const fileHeaders = ['Cache-Control', 'ETag'] as const
const sameFile: Answer = { description: 'The client has it.', headers: fileHeaders }

/** What can be started, how the server does, and what describes it. */
export const serverOperations: Operations = {
  'GET /task-types': {
    summary: 'What can be started, with the JSON Schema of its input',
    answers: { 200: json('Every task type.', 'TaskTypePage', ['Cache-Control']) },
  },
  'GET /health': {
    summary: 'Whether the server lives and is ready',
    answers: {
      200: json('It is ready.', 'HealthReport', ['Cache-Control']),
      503: json('It is stopping, or its database is out of reach.', 'HealthReport', [
        'Cache-Control',
        'Retry-After',
      ]),
    },
  },
  'GET /openapi.json': {
    summary: 'This document',
    answers: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
  },
  'GET /docs': {
    summary: 'This document, to be read',
    answers: {
      200: {
        description: 'A page without scripts.',
        headers: ['Content-Security-Policy'],
        content: { 'text/html': {} },
      },
    },
  },
  'GET /client.js': {
    summary: 'The browser helper',
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'A module.', headers: fileHeaders, content: { 'text/javascript': {} } },
      304: sameFile,
    },
  },
  'GET /client.d.ts': {
    summary: 'The types of the browser helper',
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'TypeScript.', headers: fileHeaders, content: { 'text/plain': {} } },
      304: sameFile,
    },
  },
  'GET /api.d.ts': {
    summary: 'The types of all that is sent and answered',
    heeds: ['If-None-Match'],
    answers: {
      200: { description: 'TypeScript.', headers: fileHeaders, content: { 'text/plain': {} } },
      304: sameFile,
    },
  },
}
