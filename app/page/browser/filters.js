import { make } from './dom.js'

/** What the list shows: by status, by type, and by the beginning of an id. Kept in the address. */
export class Filters {
  #form

  constructor(form, onChange) {
    this.#form = form
    const asked = new URLSearchParams(location.search)
    for (const key of ['status', 'id'])
      if (asked.has(key)) form.elements[key].value = asked.get(key)
    this.addTypes([asked.get('type')].filter(Boolean))
    form.elements.type.value = asked.get('type') ?? ''
    form.addEventListener('input', () => {
      history.replaceState(null, '', this.#address())
      onChange()
    })
    form.addEventListener('submit', (event) => event.preventDefault())
  }

  get status() {
    return this.#form.elements.status.value
  }

  get type() {
    return this.#form.elements.type.value
  }

  get id() {
    return this.#form.elements.id.value.trim().toLowerCase()
  }

  get isEmpty() {
    return !this.status && !this.type && !this.id
  }

  /** What the API calls it. */
  get query() {
    const { status, type } = this
    return new URLSearchParams({ ...(status && { status }), ...(type && { type }) }).toString()
  }

  /** Whether a task is to be shown, as the form stands now. */
  predicate() {
    const { status, type, id } = this
    return (task) =>
      (!status || task.status === status) &&
      (!type || task.type === type) &&
      (!id || task.id.startsWith(id))
  }

  addTypes(names) {
    const { options } = this.#form.elements.type
    for (const name of names) {
      if ([...options].some(({ value }) => value === name)) continue
      this.#form.elements.type.append(make('option', { value: name }, name))
    }
  }

  clear() {
    const { elements } = this.#form
    for (const name of ['status', 'type', 'id']) elements[name].value = ''
    this.#form.dispatchEvent(new Event('input'))
  }

  #address() {
    const { status, type, id } = this
    const query = new URLSearchParams(Object.entries({ status, type, id }).filter(([, v]) => v))
    return query.size > 0 ? `?${query}` : location.pathname
  }
}
