import { randomUUID } from 'node:crypto'
import { rotated } from '#lib/frames'
import { atMost, better, versus } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'
import { channelOf, samplePayload, start, watchersOf } from '#lib/tasks'

const WATCHERS = 5000

/** The longest stall of the server's event loop while all watchers are cut and come back at once. */
export default async function reconnect({ servers, rounds }) {
  const settings = { PAYLOAD: await samplePayload(servers) }
  const contestants = await Promise.all([
    contestant(servers, 'ours', servers.headway()),
    contestant(servers, 'plain Node', servers.peer('plain.js', settings)),
    contestant(servers, 'AdonisJS + Transmit', servers.adonis(settings)),
  ])
  for (let round = -1; round < rounds; round++) {
    for (const each of rotated(contestants, round + 1)) each.figures[round] = await measure(each)
  }
  const [ours, ...peers] = contestants
  return peers.map(({ name, figures }) =>
    versus('5,000 watchers cut and back at once: longest stall', 'ms', {
      ours: ours.figures,
      peer: name,
      theirs: figures,
      goal: name === 'plain Node' ? atMost(2) : better,
    })
  )
}

async function contestant(servers, name, starting) {
  const [server, load] = [await starting, await servers.load()]
  const id = randomUUID()
  const watchers = watchersOf(WATCHERS, () => channelOf(id))
  if (name === 'ours') await start(server, 'simulate', { steps: 100, stepMs: 60_000 }, id)
  await load.call('watch', server, watchers)
  return { name, server, load, watchers, figures: [] }
}

async function measure({ server, load, watchers }) {
  await server.call('stall')
  await load.call('cut')
  await load.call('watch', server, watchers, WATCHERS)
  await delay(500)
  return server.call('stall')
}
