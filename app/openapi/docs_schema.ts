import string from '@adonisjs/core/helpers/string'

/** What a schema is made of, as far as the page tells it. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly [keyword: string]: unknown
}

/** Keywords that narrow a value down, told as they are. */
const limits = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'format']

/** A JSON Schema in a line, or as a table of its properties. */
export function schemaHtml(schema: Schema): string {
  const { $ref, title, properties, items, description } = schema
  if ($ref) return `<a href="#${text($ref.split('/').at(-1))}">${text($ref.split('/').at(-1))}</a>`
  const some = schema.oneOf ?? schema.anyOf
  if (some) return joined(some, schema.oneOf ? '' : ' or ')
  if (schema.allOf) return joined(schema.allOf, ' with ')

  const about = description ? `<small>${text(description)}</small>` : ''
  const heading = title ? `<strong>${text(title)}</strong> ` : ''
  if (properties && Object.keys(properties).length > 0) {
    const rows = Object.entries(properties).map(([name, property]) => {
      const optional = schema.required?.includes(name) === false ? '?' : ''
      return `<tr><td><code>${text(name)}${optional}</code><td>${schemaHtml(property)}`
    })
    return `${heading}${about}<table>${rows.join('')}</table>`
  }
  if (items) return `list of ${schemaHtml(items)} ${about}`
  return `${heading}${lineOf(schema)} ${about}`
}

function joined(schemas: readonly Schema[], separator: string): string {
  return schemas.map(schemaHtml).join(separator)
}

function lineOf(schema: Schema): string {
  if ('const' in schema) return value(schema.const)
  if (schema.enum) return schema.enum.map(value).join(' ')
  const type = [schema.type ?? 'anything'].flat().join(' or ')
  const narrowed = limits
    .filter((keyword) => schema[keyword] !== undefined)
    .map((keyword) => `${keyword} <code>${text(schema[keyword])}</code>`)
  return [text(type), ...narrowed].join(', ')
}

function value(each: unknown): string {
  return `<code>${text(JSON.stringify(each))}</code>`
}

function text(each: unknown): string {
  return string.escapeHTML(String(each ?? ''))
}
