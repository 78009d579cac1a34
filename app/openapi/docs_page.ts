import { createHash } from 'node:crypto'
import type { Json } from '#openapi/json'
import { style } from '#openapi/docs_style'
import string from '@adonisjs/core/helpers/string'
import { schemaHtml } from '#openapi/docs_schema'

/** A part of the document, where all may be absent. */
interface Part {
  readonly [key: string]: Part | undefined
}

/** The page may show its own style and nothing else. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The OpenAPI document as one page of HTML. */
export function docsPage(document: Json): string {
  const { info, tags, paths, components } = document as Json & Record<string, Part>
  const operations = entries(paths).flatMap(([path, methods]) =>
    entries(methods)
      .filter(([method]) => method !== 'options')
      .map(([method, operation]) => ({ method, path, operation }))
  )
  const groups = values(tags).map(({ name }) => {
    const own = operations.filter(({ operation }) => values(operation.tags).includes(name as Part))
    return `<h2>${text(name)}</h2>${own.map(operationHtml).join('')}`
  })
  const shapes = entries(components?.schemas).map(
    ([name, schema]) => `<h3 id="${name}">${name}</h3>${schemaHtml(schema)}`
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(info?.title)} API</title>
<style>${style}</style>
<main>
<h1>${text(info?.title)} API</h1>
<p>${prose(info?.description)} For programs: <a href="/openapi.json">/openapi.json</a>.</p>
${groups.join('\n')}
<h2>Shapes</h2>
${shapes.join('\n')}
</main>
</html>
`
}

interface Placed {
  readonly method: string
  readonly path: string
  readonly operation: Part
}

function operationHtml({ method, path, operation }: Placed): string {
  const { summary, description, parameters, requestBody, responses, operationId } = operation
  return `<details id="${text(operationId)}">
<summary><b>${method.toUpperCase()}</b> <code>${text(path)}</code> ${text(summary)}</summary>
<p>${prose(description)}</p>
${parametersHtml(values(parameters))}
${contentHtml('Body', requestBody?.content)}
${entries(responses).map(responseHtml).join('')}
</details>`
}

function parametersHtml(parameters: Part[]): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map(({ name, in: place, required, schema, description }) => {
    const isRequired = required ? ', required' : ''
    return `<tr><td><code>${text(name)}</code><td>${text(place)}${isRequired}<td>${schemaHtml(schema ?? {})} ${prose(description)}`
  })
  return `<h4>Parameters</h4><table>${rows.join('')}</table>`
}

function responseHtml([status, { description, headers, content }]: [string, Part]): string {
  const own = entries(headers).filter(([, header]) => !header.$ref)
  const rows = own.map(([name, header]) => {
    const sometimes = header.required ? '' : ' (sometimes)'
    return `<li><code>${name}</code>${sometimes}: ${prose(header.description)}`
  })
  const list = rows.length > 0 ? `<ul>${rows.join('')}</ul>` : ''
  return `<h4>${status}</h4><p>${prose(description)}</p>${list}${contentHtml('', content)}`
}

function contentHtml(title: string, content: Part | undefined): string {
  const media = entries(content).map(([type, { schema, 'x-message': message }]) => {
    const each = message ? `; each message: ${schemaHtml(message)}` : ''
    return `<div><code>${text(type)}</code> ${schemaHtml(schema ?? {})}${each}</div>`
  })
  return media.length > 0 && title ? `<h4>${title}</h4>${media.join('')}` : media.join('')
}

function entries(part: Part | undefined): [string, Part][] {
  return Object.entries((part ?? {}) as Record<string, Part>)
}

function values(part: Part | undefined): Part[] {
  return Object.values((part ?? {}) as Record<string, Part>)
}

function text(value: unknown): string {
  return string.escapeHTML(String(value ?? ''))
}

/** Text with `code` in it. */
function prose(value: unknown): string {
  return text(value).replace(/`([^`]+)`|&#x60;(.+?)&#x60;/g, '<code>$1$2</code>')
}
