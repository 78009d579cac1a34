import { defineConfig } from '@adonisjs/core/bodyparser'

/**
 * JSON bodies are parsed here. Multipart bodies are read by the task upload itself, which streams
 * the file to disk while it arrives.
 */
export default defineConfig({
  allowedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  form: { convertEmptyStringsToNull: false, types: ['application/x-www-form-urlencoded'] },
  json: {
    convertEmptyStringsToNull: false,
    // None: the raw body stays bytes, of which the middleware checks that they are UTF-8.
    encoding: '',
    limit: '1mb',
    strict: false,
    types: ['application/json', 'application/*+json'],
  },
  multipart: {
    autoProcess: false,
    convertEmptyStringsToNull: false,
    processManually: [],
    maxFields: 100,
    fieldsLimit: '1mb',
    types: ['multipart/form-data'],
  },
})
