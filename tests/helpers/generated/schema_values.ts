import fc, { type Arbitrary } from 'fast-check'

export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
}

/** Values that a JSON Schema allows, as far as the requests of this API go. */
export function valuesOf(schema: Schema): Arbitrary<unknown> {
  const { oneOf, anyOf, pattern, minLength, maxLength = 200, minimum, maximum, items } = schema
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const some = oneOf ?? anyOf
  if (some) return fc.oneof(...some.map(valuesOf))
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => valuesOf({ ...schema, type })))
  }
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: minimum ?? -1000, max: maximum ?? 1000 })
    case 'number':
      return fc.double({ min: minimum ?? -1e6, max: maximum ?? 1e6, noNaN: true })
    case 'string':
      if (pattern) return fc.stringMatching(new RegExp(pattern, 'u'))
      return fc.string({ minLength, maxLength, unit: 'grapheme' })
    case 'array':
      return fc.array(valuesOf(items ?? {}), { maxLength: 5 })
    case 'object':
      return objectsOf(schema)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function objectsOf({ properties = {}, required = [] }: Schema): Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, valuesOf(property)])
  )
  return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) })
}

/** The same with something wrong in it, mostly. */
export function brokenValuesOf(schema: Schema): Arbitrary<unknown> {
  const names = Object.keys(schema.oneOf?.[0]?.properties ?? schema.properties ?? { x: {} })
  const harm = fc.record({
    value: valuesOf(schema),
    name: fc.constantFrom(...names, 'unknown', '__proto__', 'constructor'),
    instead: fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constantFrom(...oddities)),
  })
  const harmed = harm.map(({ value, name, instead }) =>
    Object.assign(Object.create(null), value as object, { [name]: instead })
  )
  return fc.oneof({ weight: 3, arbitrary: harmed }, { weight: 1, arbitrary: fc.jsonValue() })
}

/** What has broken servers before. */
export const oddities: readonly (string | number)[] = [
  '',
  ' ',
  '\0',
  '\ud800',
  '../../etc/passwd',
  "' OR 1=1 --",
  '%00',
  'NaN',
  '🦊'.repeat(100),
  'x'.repeat(5000),
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  0.1,
]
