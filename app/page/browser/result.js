import { size } from './format.js'
import { call } from './api.js'
import { byId, make } from './dom.js'

/** The result: JSON as it is, a file as a download. */
export async function showResult({ status, links }) {
  if (status !== 'completed') return
  const [file, { body }] = await Promise.all([fileOf(links.result), call(links.self)])
  const shown = file
    ? make('a', { className: 'button', href: links.result, download: '' }, `Download ${file}`)
    : make('pre', { tabindex: 0 }, JSON.stringify(body.result, null, 2))
  byId('result').replaceChildren(shown)
  byId('result-panel').hidden = !file && body.result === null
}

/** Name and size of the file that a result is, if it is one. */
async function fileOf(path) {
  if (!path) return null
  const { ok, headers } = await fetch(path, { method: 'HEAD' })
  const disposition = headers.get('content-disposition')
  if (!ok || !disposition) return null
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  const plain = /filename="?([^";]+)/i.exec(disposition)?.[1] ?? 'result'
  const bytes = headers.get('content-length')
  return `${encoded ? decodeURIComponent(encoded) : plain}${bytes ? ` (${size(bytes)})` : ''}`
}
