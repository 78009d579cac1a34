import { startTask } from './api.js'
import { size } from './format.js'
import { SchemaFields } from './schema_fields.js'
import { announce, byId, make, setText, uuid } from './dom.js'

/** The form that starts a task of any type, and leads to it. */
export class StartDialog {
  #types
  #fields
  #abort
  #dialog = byId('start-dialog')
  #maxUpload = Number(byId('start-dialog').dataset.maxUpload)
  #form = byId('start-form')
  #select = byId('start-type')
  /** Sent again after a failure nobody knows the outcome of, it starts nothing twice. */
  #id = uuid()
  #sent

  constructor(types) {
    this.#types = types
    this.#select.append(...types.map(({ type }) => make('option', { value: type }, type)))
    this.#select.onchange = () => this.#build()
    this.#form.onsubmit = (event) => {
      event.preventDefault()
      void this.#submit()
    }
    for (const button of this.#form.querySelectorAll('[data-close]')) {
      button.onclick = () => this.#dialog.close()
    }
    this.#dialog.onclose = () => this.#abort?.abort()
    this.#build()
  }

  /** @param type chosen at first; else the last one, or the first of all */
  open(type) {
    if (type && this.#select.value !== type) {
      this.#select.value = type
      this.#build()
    }
    this.#dialog.showModal()
    this.#select.focus()
  }

  #build() {
    const { description, input } = this.#types.find(({ type }) => type === this.#select.value)
    setText(byId('start-description'), description)
    this.#fields = new SchemaFields(input)
    byId('start-fields').replaceChildren(this.#fields.element)
    this.#say('')
  }

  async #submit() {
    if (this.#abort) return
    const type = this.#select.value
    const { input, file } = this.#fields.read()
    this.#newIdFor(JSON.stringify([type, input, file?.name, file?.size, file?.lastModified]))
    this.#say('')
    this.#fields.showErrors([])
    if (file && file.size > this.#maxUpload) return this.#showProblem(this.#tooLarge(file))
    this.#abort = new AbortController()
    this.#busy(true, file)
    try {
      const onSent = (sent, total) => file && this.#showSent(sent, total)
      const { signal } = this.#abort
      const address = await startTask({ id: this.#id, type, input, file }, { onSent, signal })
      location.assign(address)
    } catch (error) {
      this.#busy(false)
      if (error.status === 413 && file) this.#showProblem(this.#tooLarge(file))
      else if (error.name !== 'AbortError') this.#showProblem(error)
    } finally {
      this.#abort = undefined
    }
  }

  /** Another request is another task. */
  #newIdFor(body) {
    if (this.#sent !== undefined && this.#sent !== body) this.#id = uuid()
    this.#sent = body
  }

  /** Said at the field of the file, in the units that people use. */
  #tooLarge(file) {
    const message = `The file has ${size(file.size)}, and ${size(this.#maxUpload)} are the most that the server takes`
    return { message, errors: [{ field: this.#fields.fileField ?? 'file', message }] }
  }

  #showProblem(error) {
    const rest = this.#fields.showErrors(error.errors ?? [])
    if (!error.errors?.length) this.#say(error.message)
    else this.#say(rest.map(({ message }) => message).join('. '))
  }

  #say(text) {
    setText(byId('start-problem'), text)
    byId('start-problem').hidden = text === ''
  }

  #busy(isBusy, file) {
    this.#form.setAttribute('aria-busy', isBusy)
    this.#submitButton.disabled = isBusy
    setText(this.#submitButton, 'Start')
    byId('start-fields').inert = isBusy
    byId('start-sending').hidden = !isBusy || !file
    if (isBusy && file) this.#showSent(0, file.size)
  }

  get #submitButton() {
    return this.#form.querySelector('[type=submit]')
  }

  #showSent(sent, total) {
    const [bar, text] = byId('start-sending').children
    const percent = total > 0 ? Math.floor((sent / total) * 100) : 100
    if (percent % 25 === 0 && bar.value !== percent) announce(`Upload ${percent}%`)
    bar.value = percent
    setText(this.#submitButton, `Sending ${percent}%`)
    setText(text, `${size(sent)} of ${size(total)}`)
  }
}
