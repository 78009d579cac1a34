import { writeFile } from 'node:fs/promises'
import { Engine } from '#engine/engine'
import { BaseCommand } from '@adonisjs/core/ace'
import { startTypes } from '#openapi/start_body'
import type { CommandOptions } from '@adonisjs/core/types/ace'

/** The TypeScript type whose properties are all that the API answers with. */
const ROOT = 'Shapes'

/** What the generator tells of itself at each type. */
const noise = [
  /( \*\s*\n)? \* This interface was referenced by .*\n.*"\.\n/g,
  /\/\*\*\s*\*\/\n/g,
  /export interface Shapes {[^}]*}\n/,
]

/** Makes what is made of types: to be run after changing one that clients see. */
export default class GenerateApi extends BaseCommand {
  static commandName = 'generate:api'
  static description = 'Make the JSON Schemas and the client types of all that the API answers with'
  static options: CommandOptions = { startApp: true }

  async run() {
    // Development dependencies: production has the commands too.
    const { createGenerator } = await import('ts-json-schema-generator')
    const { compile } = await import('json-schema-to-typescript')
    const { format, resolveConfig } = await import('prettier')

    const schemaPath = this.app.makePath('app/openapi/schemas.json')
    const typesPath = this.app.makePath('app/page/api.d.ts')
    const { definitions = {} } = createGenerator({
      path: this.app.makePath('app/openapi/shapes.ts'),
      tsconfig: this.app.makePath('tsconfig.json'),
      jsDoc: 'extended',
      additionalProperties: false,
      skipTypeCheck: true,
      encodeRefs: false,
    }).createSchema(ROOT)
    delete definitions[ROOT]
    const schemas = JSON.stringify(definitions, null, 2)

    const { types } = await this.app.container.make(Engine)
    const root = { definitions: { ...JSON.parse(schemas), ...startTypes(types) } }
    const declarations = await compile(root, ROOT, {
      bannerComment:
        '/* Made by `node ace generate:api`: what is sent to the API, and its answers. */',
      unreachableDefinitions: true,
      format: false,
    })
    const style = await resolveConfig(schemaPath)
    const refs = schemas.replaceAll('#/definitions/', '#/components/schemas/')
    await writeFile(schemaPath, await format(refs, { ...style, parser: 'json' }))
    await writeFile(
      typesPath,
      await format(
        noise.reduce((text, each) => text.replace(each, ''), declarations),
        { ...style, parser: 'typescript' }
      )
    )
    this.logger.success('made app/openapi/schemas.json and app/page/api.d.ts')
  }
}
