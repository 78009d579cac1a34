/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
  toString() {
    return this.text
  }
}

type Value = Html | readonly Html[] | string | number | boolean | null | undefined

/** HTML with every value escaped, but for what is HTML itself. `null` and booleans leave nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(parts.reduce((text, part, index) => text + written(values[index - 1]) + part))
}

function written(value: Value): string {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(written).join('')
  if (value === null || value === undefined || typeof value === 'boolean') return ''
  return escaped(String(value))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** JSON in a data block, which nothing in it can end. */
export function jsonBlock(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  return html`<script type="application/json" id="${id}">
    ${new Html(json)}
  </script>`
}
