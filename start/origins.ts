import env from '#start/env'
import { isLoopback } from '#start/loopback'

const trusted = new Set(env.get('CORS_ORIGINS'))

/** As requests name it, one after the other: parsing it takes a while. */
let lastOwnHost: string | null = null

const ownHosts = new Set([env.get('HOST').toLowerCase(), hostnameOf(env.get('APP_URL'))])

/**
 * Whether a `Host` header names this server: a loopback name, `HOST`, or the host of `APP_URL`, on
 * any port. Anything else is a foreign name that resolves here (DNS rebinding).
 */
export function isOwnHost(header: string | undefined): boolean {
  if (header === lastOwnHost) return true
  const hostname = hostnameOf(`http://${header}`)
  const isOwn = hostname !== undefined && (isLoopback(hostname) || ownHosts.has(hostname))
  if (isOwn) lastOwnHost = header ?? null
  return isOwn
}

/**
 * Whether a page of this `Origin` may call the API: the server's own pages, loopback on any port (a
 * front end's dev server), and what `CORS_ORIGINS` lists.
 */
export function isTrustedOrigin(origin: string): boolean {
  if (trusted.has(origin.toLowerCase())) return true
  const hostname = hostnameOf(origin)
  return hostname !== undefined && (isLoopback(hostname) || ownHosts.has(hostname))
}

function hostnameOf(url: string | undefined): string | undefined {
  return url && URL.canParse(url) ? new URL(url).hostname.toLowerCase() || undefined : undefined
}
