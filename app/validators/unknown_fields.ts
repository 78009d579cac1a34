import type { JSONSchema7, JSONSchema7Definition } from 'json-schema'

/**
 * The paths of the fields that a schema does not have and does not allow (`additionalProperties:
 * false`): Vine drops them without a word, and a client that has mistyped one would never know.
 */
export function unknownFields(
  value: unknown,
  schema: JSONSchema7Definition | undefined,
  path: readonly string[] = []
): string[] {
  if (typeof schema !== 'object' || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) => {
    const place = [...path, name]
    const own = Array.isArray(value) ? schema.items : propertyOf(schema, name)
    if (own !== undefined && !Array.isArray(own)) return unknownFields(field, own, place)
    return schema.additionalProperties === false ? [place.join('.')] : []
  })
}

function propertyOf({ properties = {} }: JSONSchema7, name: string) {
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}
