/** Of the connection and of the body, not of the contract. */
const transport = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-request-id',
]

/** The status and all headers that the contract is about. */
export function told({
  status,
  headers,
}: {
  status: number
  headers: Headers
}): Record<string, unknown> {
  const all = [...headers].filter(([name]) => !transport.includes(name))
  return { status, ...Object.fromEntries(all) }
}

export const json = 'application/json; charset=utf-8'
/** Of every answer with a task. */
export const fresh = {
  'cache-control': 'private, no-cache',
  'vary': 'Origin, Accept',
  'content-type': json,
}
/** Of every problem. */
export const problem = {
  'cache-control': 'no-store',
  'content-type': 'application/problem+json',
  'vary': 'Origin',
}
