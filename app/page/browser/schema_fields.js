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
function controlFor(schema, id, isRequired) {
  const text = (attributes) => make('input', { id, autocomplete: 'off', ...attributes })
  if (isFile(schema)) {
    const input = make('input', { id, type: 'file' })
    return { input, read: () => input.files[0] }
  }
  if (isBoolean(schema) && !isRequired && schema.default === undefined) {
    return choiceOf(id, [true, false], { isRequired, written: (value) => (value ? 'yes' : 'no') })
  }
  if (isBoolean(schema)) {
    const input = make('input', { id, type: 'checkbox' })
    input.checked = schema.default === true
    return { input, read: () => input.checked }
  }
  if (schema.enum) return choiceOf(id, schema.enum, { isRequired, written: String })
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

function choiceOf(id, values, { isRequired, written }) {
  const none = make('option', { value: '' }, isRequired ? 'choose …' : 'not set')
  const options = values.map((value, index) => make('option', { value: index }, written(value)))
  const input = make('select', { id, autocomplete: 'off' }, none, ...options)
  return { input, read: () => values[input.value === '' ? -1 : input.value] }
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

/** The name of a field in what the server says of it, as people see it. */
function inTheirWords({ field, message }, label) {
  const [, ...path] = field.replace(/^input\./, '').split('.')
  const name = path.at(-1) ?? field.replace(/^input\./, '')
  const words = path.map((part) => (/^\d+$/.test(part) ? `entry ${Number(part) + 1}` : part))
  return message.replace(`The ${name} field`, [label, ...words].join(', '))
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

  /** The name of the field for a file, if there is one. */
  get fileField() {
    for (const [name, { input }] of this.#fields) if (input.type === 'file') return name
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
    const messages = Map.groupBy(errors, ({ field }) => field.replace(/^input\./, '').split('.')[0])
    for (const [name, theirs] of messages) if (!this.#fields.has(name)) homeless.push(...theirs)
    let first
    for (const [name, { input, problem, label }] of this.#fields) {
      const theirs = messages.get(name) ?? []
      const message = theirs.map((error) => inTheirWords(error, label)).join('. ')
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
    const { input, read } = controlFor(schema, id, isRequired)
    const hints = [isFile(schema) ? '' : schema.description, range(schema)].filter(Boolean)
    const hint = make('p', { className: 'hint', id: `${id}-hint` }, hints.join(' · '))
    const problem = make('p', { className: 'field-problem', id: `${id}-problem` })
    input.setAttribute('aria-describedby', `${hint.id} ${problem.id}`)
    if (isRequired) input.setAttribute('aria-required', 'true')
    const label = labelOf(name, schema)
    const named = make('label', { for: id }, label)
    if (!isRequired) named.append(make('span', { className: 'optional' }, ' optional'))
    const isCheck = input.type === 'checkbox'
    const className = isCheck ? 'field field-check' : 'field'
    const parts = isCheck ? [input, named] : [named, input]
    this.element.append(make('div', { className }, ...parts, hint, problem))
    this.#fields.set(name, { input, read, problem, label })
  }
}
