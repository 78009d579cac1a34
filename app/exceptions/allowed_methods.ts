import router from '@adonisjs/core/services/router'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** What can be done at a path (`Allow`, RFC 9110 §10.2.1); nothing at one that is unknown. */
export function allowedMethods(path: string): string[] {
  const allowed = methods.filter((method) => router.match(path, method, false))
  return allowed.length > 0 ? [...allowed, 'OPTIONS'] : []
}
