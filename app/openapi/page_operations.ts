import type { Answer, Operations } from '#openapi/operation'
import { AddressNotFound } from '#exceptions/http_errors'

const unchanged: Answer = {
  description: 'The browser has it.',
  headers: ['ETag', 'Cache-Control', 'X-Content-Type-Options', 'Content-Security-Policy?'],
}

/** What the web page is made of. */
export const pageOperations: Operations = {
  'GET /': {
    summary: 'The list of tasks, for browsers',
    heeds: ['If-None-Match'],
    answers: {
      200: {
        description: 'A page that loads nothing from elsewhere.',
        headers: [
          ...(['ETag', 'Cache-Control', 'Content-Security-Policy'] as const),
          ...(['X-Content-Type-Options', 'Content-Encoding?'] as const),
        ],
        content: { 'text/html': {} },
      },
      304: unchanged,
    },
  },
  'GET /page/:version/:name': {
    summary: 'What the page loads',
    description: 'May be kept for ever: another release has another version.',
    heeds: ['If-None-Match'],
    answers: {
      200: {
        description: 'A module, a style sheet or an icon.',
        headers: ['ETag', 'Cache-Control', 'X-Content-Type-Options', 'Content-Encoding?'],
        content: { 'text/javascript': {}, 'text/css': {}, 'image/svg+xml': {} },
      },
      304: unchanged,
    },
    problems: [AddressNotFound],
  },
}
