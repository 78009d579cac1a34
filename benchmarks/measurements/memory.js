import { randomUUID } from 'node:crypto'
import { channelOf, samplePayload, watchersOf } from '#lib/tasks'
import { atMost, better, versus } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'

/** So many come first: what grows once for all is there by then. */
const FIRST = 500
const WATCHERS = 2500

/**
 * What a watcher costs that waits, each for a task of its own. New servers each round, all with the
 * flags of `npm start`: they set how much garbage stays in memory.
 */
export default async function memory({ servers, rounds }) {
  const settings = { PAYLOAD: await samplePayload(servers) }
  const flags = await servers.flags()
  const starting = {
    'ours': () => servers.headway(),
    'plain Node': () => servers.peer('plain.js', settings, flags),
    'stock Transmit': () => servers.adonis(settings, flags),
  }
  const figures = {}
  for (let round = 0; round < rounds; round++) {
    const pairs = Object.entries(starting).map(async ([name, begin]) => {
      figures[name] ??= []
      figures[name][round] = await measure(await begin(), await servers.load())
    })
    await Promise.all(pairs)
  }
  const of = (name, part) => figures[name].map((figure) => figure[part])
  const row = (title, part, peer, goal) =>
    versus(title, 'KiB', { ours: of('ours', part), peer, theirs: of(peer, part), goal })
  return [
    row('memory of an idle watcher: resident', 'resident', 'plain Node', atMost(1.3)),
    row('memory of an idle watcher: resident', 'resident', 'stock Transmit', better),
    row('memory of an idle watcher: heap', 'heap', 'plain Node'),
    row('memory of an idle watcher: heap', 'heap', 'stock Transmit'),
  ]
}

/** KiB a watcher, after a garbage collection. */
async function measure(server, load) {
  await load.call(
    'watch',
    server,
    watchersOf(FIRST, () => channelOf(randomUUID()))
  )
  await delay(1000)
  const before = await server.call('memory')
  await load.call(
    'watch',
    server,
    watchersOf(WATCHERS, () => channelOf(randomUUID()))
  )
  await delay(1000)
  const after = await server.call('memory')
  await Promise.all([server.stop(), load.stop()])
  const grown = (name) => (after[name] - before[name]) / WATCHERS / 1024
  return { resident: grown('rss'), heap: grown('heapUsed') + grown('external') }
}
