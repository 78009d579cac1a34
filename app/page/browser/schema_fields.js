import { make, setText } from './dom.js'

/** `rowsPerSecond` → `Rows per second` */
function labelOf(name, { title }) {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/[_-]/g, ' ')
  return title ?? words[0].toUpperCase() + words.slice(1).toLowerCase()
}

function isFile({ contentMediaType, format }) {
  return contentMediaType !== undefined || format === 'binary'
}

/** Vine's own lists all that it takes for one. */
function isBoolean({ type, enum: choices }) {
  return type === 'boolean' || (choices?.includes(true) && choices.includes(false))
}

/** One that may also be `null` is taken for what it else is. */
function plain(schema) {
  const kinds = [schema.type].flat().filter((type) => type && type !== 'null')
  const choice = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null')
  return choice && kinds.length === 0 ? { ...schema, ...choice } : { ...schema, type: kinds[0] }
}

function range({ minimum, maximum, minLength, maxLength, type }) {
  const text = type === 'string' || minLength !== undefined || maxLength !== undefined
  const [low, high] = text ? [minLength, maxLength] : [minimum, maximum]
  const unit = text ? ' characters' : ''
  if (low !== undefined && high !== undefined) return `${low} to ${high}${unit}`
  if (high !== undefined) return `at most ${high}${unit}`
  return low !== undefined && low > 1 ? `at least ${low}${unit}` : ''
}

/** The control for a schema, and how its value is read: `undefined` where nothing was entered. */
function controlFor(schema, id) {
  const text = (attributes) => make('input', { id, autocomplete: 'off', ...attributes })
  if (isFile(schema)) {
    const input = make('input', { id, type: 'file' })
    return { input, read: () => input.files[0] }
  }
  if (isBoolean(schema)) {
    const input = make('input', { id, type: 'checkbox' })
    input.checked = schema.default === true
    return { input, read: () => input.checked }
  }
  if (schema.enum) {
    const input = make('select', { id }, make('option', { value: '' }, '–'))
    schema.enum.forEach((value, index) =>
      input.append(make('option', { value: index }, String(value)))
    )
    return { input, read: () => schema.enum[input.value === '' ? -1 : input.value] }
  }
  if (schema.type === 'number' || schema.type === 'integer') {
    const inputmode = schema.type === 'integer' ? 'numeric' : 'decimal'
    const input = text({ inputmode, value: schema.default ?? '' })
    return { input, read: () => numberOrText(input.value.trim()) }
  }
  if (schema.type === 'array' || schema.type === 'object') {
    const input = make('textarea', { id, rows: 3, spellcheck: 'false', placeholder: 'JSON' })
    return { input, read: () => jsonOrText(input.value.trim()) }
  }
  const input = text({ value: schema.default ?? '' })
  return { input, read: () => input.value || undefined }
}

/** What is no number goes as it is: the server says what is wrong with it. */
function numberOrText(text) {
  if (text === '') return undefined
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function jsonOrText(text) {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The fields of a form for an object's JSON Schema. */
export class SchemaFields {
  element = make('div')
  #fields = new Map()

  constructor({ properties = {}, required = [] }) {
    for (const [name, schema] of Object.entries(properties)) {
      this.#add(name, plain(schema), required.includes(name))
    }
  }

  /** What was entered; the file apart. */
  read() {
    const input = {}
    let file
    for (const [name, { read }] of this.#fields) {
      const value = read()
      if (value instanceof File) file = value
      else if (value !== undefined) input[name] = value
    }
    return { input, file }
  }

  /** Puts each error at its field and the focus on the first. Gives those that have none. */
  showErrors(errors) {
    const homeless = []
    const messages = new Map()
    for (const error of errors) {
      const name = error.field.replace(/^input\./, '').split('.')[0]
      if (this.#fields.has(name)) messages.set(name, [messages.get(name), error.message])
      else homeless.push(error)
    }
    let first
    for (const [name, { input, problem }] of this.#fields) {
      const message = messages.get(name)?.flat(9).filter(Boolean).join('. ') ?? ''
      setText(problem, message)
      input.toggleAttribute('aria-invalid', message !== '')
      if (message) input.setAttribute('aria-invalid', 'true')
      if (message) first ??= input
    }
    first?.focus()
    return homeless
  }

  #add(name, schema, isRequired) {
    const id = `field-${name}`
    const { input, read } = controlFor(schema, id)
    const hints = [isFile(schema) ? '' : schema.description, range(schema)].filter(Boolean)
    const hint = make('p', { className: 'hint', id: `${id}-hint` }, hints.join(' · '))
    const problem = make('p', { className: 'field-problem', id: `${id}-problem` })
    input.setAttribute('aria-describedby', `${hint.id} ${problem.id}`)
    if (isRequired) input.setAttribute('aria-required', 'true')
    const label = make('label', { for: id }, labelOf(name, schema))
    if (!isRequired) label.append(make('span', { className: 'optional' }, ' optional'))
    const isCheck = input.type === 'checkbox'
    const className = isCheck ? 'field field-check' : 'field'
    const parts = isCheck ? [input, label] : [label, input]
    this.element.append(make('div', { className }, ...parts, hint, problem))
    this.#fields.set(name, { input, read, problem })
  }
}
