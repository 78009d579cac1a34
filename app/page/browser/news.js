import { announce } from './dom.js'

/** What is said to screen readers about a task that has ended, or whose server is gone. */
export function newsOf({ type, status, error, health }) {
  if (status === 'failed' && error) return `${type} failed: ${error.message}`
  return health === 'lost' ? `${type} lost: its server does not answer` : `${type} ${status}`
}

/** Says it of some tasks, in one sentence. */
export function announceNews(tasks) {
  if (tasks.length === 1) return announce(newsOf(tasks[0]))
  const failed = tasks.filter(({ status }) => status === 'failed').length
  const lost = tasks.filter(({ health }) => health === 'lost').length
  const said = [`${tasks.length - lost} tasks ended`]
  if (failed > 0) said.push(`${failed} failed`)
  if (lost > 0) said.push(`${lost} lost`)
  if (tasks.length > 0) announce(said.join(', '))
}
