import { call } from './api.js'
import { byId } from './dom.js'
import { isTerminal } from './describe.js'

/** The buttons of a task: those that it can do now. */
export class Actions {
  #task
  #buttons = Object.fromEntries(
    [...byId('actions').children].map((button) => [button.dataset.action, button])
  )

  constructor() {
    const { cancel, retry, delete: remove } = this.#buttons
    cancel.onclick = () =>
      this.#try(cancel, () => call(this.#task.links.cancel, { method: 'POST' }))
    retry.onclick = () => this.#try(retry, () => this.#retry())
    remove.onclick = () => byId('confirm').showModal()
    byId('confirm').onclose = () => {
      if (byId('confirm').returnValue === 'delete') void this.#try(remove, () => this.#delete())
      byId('confirm').returnValue = ''
    }
    byId('actions').hidden = false
  }

  show(task) {
    this.#task = task
    const { cancel, retry, delete: remove } = this.#buttons
    const isOver = isTerminal(task.status)
    cancel.hidden = isOver
    cancel.disabled = task.cancelRequestedAt !== null
    retry.hidden = !isOver || task.status === 'completed'
    remove.hidden = !isOver
  }

  async #retry() {
    const { location: next, body } = await call(`${this.#task.links.self}/retry`, {
      method: 'POST',
    })
    location.assign(next ?? body.links.self)
  }

  async #delete() {
    await call(this.#task.links.self, { method: 'DELETE' })
    location.assign('/')
  }

  async #try(button, action) {
    const problem = byId('action-problem')
    problem.hidden = true
    button.disabled = true
    try {
      await action()
    } catch (error) {
      problem.textContent = error.message
      problem.hidden = false
    } finally {
      button.disabled = false
      this.show(this.#task)
    }
  }
}
