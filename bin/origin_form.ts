import type { IncomingMessage } from 'node:http'

/**
 * Takes a request whose target is a whole URL, as proxies are sent it, for one of that path at that
 * host, whatever its `Host` says (RFC 9112 §3.2.2).
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = '', headers } = request
  if (url.startsWith('/')) return
  const [, authority, target = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  if (authority === undefined) return
  headers.host = authority
  request.url = target.startsWith('/') ? target : `/${target}`
}
