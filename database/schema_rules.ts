import { type SchemaRules } from '@adonisjs/lucid/types/schema_generator'

const from = (name: string) => [{ source: '#models/columns', namedImports: [name] }]

const integer = { tsType: 'number', imports: from('integer'), decorators: [{ name: '@integer' }] }
const json = { tsType: 'unknown', imports: from('json'), decorators: [{ name: '@json' }] }
const instant = {
  tsType: 'DateTime',
  imports: [{ source: 'luxon', namedImports: ['DateTime'] }, ...from('instant')],
  decorators: [{ name: '@instant' }],
}

export default {
  types: { bigint: integer },
  tables: {
    tasks: {
      primaryKey: () => ({
        columnName: 'id',
        columnInfo: {
          tsType: 'string',
          decorators: [{ name: '@column', args: { isPrimary: true } }],
          imports: [{ source: '@adonisjs/lucid/orm', namedImports: ['column'] }],
        },
      }),
      columns: {
        seq: integer,
        input: json,
        file: json,
        checkpoint: json,
        result: json,
        error: json,
        next_attempt_at: instant,
        cancel_requested_at: instant,
        expires_at: instant,
        created_at: instant,
        started_at: instant,
        updated_at: instant,
        finished_at: instant,
      },
    },
    dataset_rows: { columns: { data: json } },
    dataset_imports: {
      columns: {
        seq: integer,
        columns: json,
        created_at: instant,
        updated_at: instant,
        deleted_at: instant,
      },
    },
    task_files: { columns: { claim: integer, size: integer } },
    task_logs: { columns: { seq: integer, time: instant } },
  },
} satisfies SchemaRules
