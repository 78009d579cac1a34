/** Milliseconds that the server's clock is ahead of this one. */
let ahead = 0

/** Now, by the server's clock: what its times are compared with. */
export function serverNow() {
  return serverTime(Date.now())
}

/** A moment of this clock by the server's. */
export function serverTime(time) {
  return time + ahead
}

/** An answer that is a problem (RFC 9457). */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `The server answered ${status}.`)
    this.status = status
    this.code = problem?.code
    this.errors = problem?.errors ?? []
  }
}

/** Calls the API. Gives the JSON of its answer, with where it leads; throws a `Problem`. */
export async function call(path, { method = 'GET', signal } = {}) {
  const answer = await fetch(path, { method, signal, headers: { Accept: 'application/json' } })
  heardDate(answer.headers.get('date'))
  const body = answer.status === 204 ? null : await answer.json().catch(() => null)
  if (!answer.ok) throw new Problem(answer.status, body)
  return { body, location: answer.headers.get('location') }
}

/** `Date` has whole seconds: a clock that is right but for less than two is believed. */
function heardDate(date) {
  if (!date) return
  const difference = Date.parse(date) + 500 - Date.now()
  ahead = Math.abs(difference) < 2000 ? 0 : difference
}

/** Starts a task, and tells how much of its file is sent. The same id never starts two. */
export function startTask({ id, type, input, file }, { onSent, signal }) {
  const request = new XMLHttpRequest()
  const body = file ? new FormData() : JSON.stringify({ id, type, input })
  if (file) {
    body.append('id', id)
    body.append('type', type)
    body.append('input', JSON.stringify(input))
    body.append('file', file)
  }
  return new Promise((resolve, reject) => {
    request.open('POST', '/tasks')
    request.setRequestHeader('Accept', 'application/json')
    if (!file) request.setRequestHeader('Content-Type', 'application/json')
    request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total)
    request.onload = () => {
      const answer = parsed(request.responseText)
      if (request.status < 300) resolve(request.getResponseHeader('Location') ?? `/tasks/${id}`)
      else reject(new Problem(request.status, answer))
    }
    request.onerror = () => reject(new Problem(0, { detail: 'The server can’t be reached.' }))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort())
    request.send(body)
  })
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
