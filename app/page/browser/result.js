import { size } from './format.js'
import { call } from './api.js'
import { byId, make } from './dom.js'

/** The result of a task that has completed while its page was there: JSON as it is, a file as a download. */
export async function showResult({ links }) {
  const [file, { body }] = await Promise.all([fileOf(links.result), call(links.self)])
  const parts = []
  if (file) parts.push(make('a', { className: 'button', href: links.result, download: '' }, file))
  if (body.result !== null) {
    parts.push(make('pre', { tabindex: 0 }, JSON.stringify(body.result, null, 2)))
  }
  byId('result').replaceChildren(...parts)
  byId('result-panel').hidden = parts.length === 0
}

/** What is written on the download of the file that a result is, if it is one. */
async function fileOf(path) {
  const { ok, headers } = await fetch(path, { method: 'HEAD' })
  const disposition = headers.get('content-disposition')
  if (!ok || !disposition) return null
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  const plain = /filename="?([^";]+)/i.exec(disposition)?.[1] ?? 'result'
  const bytes = headers.get('content-length')
  const name = encoded ? decodeURIComponent(encoded) : plain
  return `Download ${name}${bytes ? ` (${size(bytes)})` : ''}`
}
