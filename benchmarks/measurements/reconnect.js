import { randomUUID } from 'node:crypto'
import { rotated } from '#lib/frames'
import { atMost, better, versus } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'
import { channelOf, samplePayload, start, watchersOf } from '#lib/tasks'

const WATCHERS = 5000
/** Milliseconds after which those that were cut come back, all at once: a server is idle by then. */
const LATER = 500

/**
 * The longest stall of the server's event loop while all watchers are cut and come back at once; and
 * while they come back later, the cut not counted.
 */
export default async function reconnect({ servers, rounds, say }) {
  const settings = { PAYLOAD: await samplePayload(servers) }
  const contestants = await Promise.all([
    contestant(servers, 'ours', servers.headway()),
    contestant(servers, 'plain Node', servers.peer('plain.js', settings)),
    contestant(servers, 'AdonisJS + Transmit', servers.adonis(settings)),
  ])
  // The longest of many turns of the loop wavers more than what they take together.
  const more = 2 * rounds
  say(`reconnect: medians of ${more} rounds`)
  for (let round = -1; round < more; round++) {
    for (const each of rotated(contestants, round + 1)) {
      each.atOnce[round] = await measure(each, 0)
      each.later[round] = await measure(each, LATER)
    }
  }
  const tried = contestants.map(
    async ({ name, load }) => `${name} ${(await load.call('count')).retries}`
  )
  say(
    `reconnect: attempts that failed and were made again: ${(await Promise.all(tried)).join(', ')}`
  )
  const [ours, ...peers] = contestants
  return peers.flatMap((peer) =>
    Object.entries({
      'cut and back at once': [ours.atOnce, peer.atOnce],
      [`back together, ${LATER} ms after they were cut`]: [ours.later, peer.later],
    }).map(([when, [mine, theirs]]) =>
      versus(`5,000 watchers ${when}: longest stall`, 'ms', {
        ours: mine,
        peer: peer.name,
        theirs,
        goal: peer.name === 'plain Node' ? atMost(2) : better,
      })
    )
  )
}

async function contestant(servers, name, starting) {
  const [server, load] = [await starting, await servers.load()]
  const id = randomUUID()
  const watchers = watchersOf(WATCHERS, () => channelOf(id))
  if (name === 'ours') await start(server, 'simulate', { steps: 100, stepMs: 60_000 }, id)
  await load.call('watch', server, watchers)
  return { name, server, load, watchers, atOnce: [], later: [] }
}

async function measure({ server, load, watchers }, pause) {
  await server.call('stall')
  await load.call('cut')
  if (pause > 0) {
    await delay(pause)
    await server.call('stall')
  }
  await load.call('watch', server, watchers, WATCHERS)
  await delay(500)
  return server.call('stall')
}
