import { rotated } from '#lib/frames'
import { versus } from '#lib/figures'
import { pin } from '#lib/machine'

/** Short turns, and more of them than rounds: the machine is another from second to second. */
const SECONDS = 0.5
const TURNS = 12
const CONNECTIONS = 10

/**
 * Requests a second, and what they cost the server, ours beside a bare route. Each of the two is
 * `{ server, request }`.
 */
export async function besideBareRoute(what, { servers, rounds, ours, bare, goal }) {
  const load = await servers.load()
  pin([ours.server, bare.server], [load])
  const figures = { ours: { rate: [], cpu: [] }, bare: { rate: [], cpu: [] } }
  // One round more, whose figures do not count.
  for (let turn = -TURNS; turn < rounds * TURNS; turn++) {
    for (const [name, { server, request }] of rotated(
      Object.entries({ ours, bare }),
      turn + TURNS
    )) {
      const options = { port: server.port, connections: CONNECTIONS, seconds: SECONDS, ...request }
      const before = server.cpu
      const { requests, seconds } = await load.call('hammer', options)
      figures[name].rate[turn] = requests / seconds
      figures[name].cpu[turn] = ((server.cpu - before) / requests) * 1e6
    }
  }
  const pair = (name) => ({
    ours: figures.ours[name],
    peer: 'bare AdonisJS route',
    theirs: figures.bare[name],
  })
  return [
    versus(`${what}: requests a second`, '/s', { ...pair('rate'), goal }),
    versus(`${what}: CPU a request`, 'µs', pair('cpu')),
  ]
}
