import { configApp } from '@adonisjs/eslint-config'

/** A room may import only from the rooms below it (the table in docs/architecture.md). */
function border(files, forbidden, message) {
  // The patterns are those of .gitignore, where a leading # begins a comment.
  const group = forbidden.map((pattern) => pattern.replace(/^#/, '\\#'))
  return {
    files: [`app/${files}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group, message }] }],
    },
  }
}

const face = ['#controllers/*', '#validators/*', '#transformers/*', '#middleware/*', '#openapi/*']

export default configApp(
  { ignores: ['.adonisjs/**', 'database/schema.ts', 'build/**', 'tmp/**', 'benchmarks/**'] },
  {
    files: ['app/**/*.ts'],
    rules: {
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Read settings from #start/env.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.property.name=transaction]',
          message: 'Use transact (#engine/transact): a COMMIT that fails is silent here.',
        },
      ],
    },
  },
  { files: ['app/engine/transact.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['tests/**/*.ts'],
    rules: { '@unicorn/no-await-expression-member': 'off' },
  },
  border(
    'engine',
    [...face, '#realtime/*', '#tasks/*', '@adonisjs/transmit*', '@adonisjs/core/http'],
    'The engine knows no HTTP, no SSE and no task type: it tells whoever listens.'
  ),
  border(
    'realtime',
    face,
    'Realtime is below the HTTP face: it may read the engine and use Transmit.'
  ),
  border(
    'tasks',
    [...face, '#realtime/*', '@adonisjs/transmit*', '@adonisjs/core/http'],
    'A task type uses the engine and the models only.'
  ),
  border(
    'page',
    [...face, '#realtime/*', '#engine/*', '#models/*', '#tasks/*', '#exceptions/*', '#start/*'],
    'The page knows the HTTP contract only.'
  ),
  border('models', [...face, '#realtime/*', '#engine/*', '#tasks/*'], 'Models use Lucid only.')
)
