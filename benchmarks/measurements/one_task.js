import { randomUUID } from 'node:crypto'
import { pin } from '#lib/machine'
import { cpuPerFrame, rotated } from '#lib/frames'
import { atMost, better, versus } from '#lib/figures'
import { channelOf, samplePayload, start, watchersOf } from '#lib/tasks'
import { setTimeout as delay } from 'node:timers/promises'

const WATCHERS = 1000
const WARM_UP = 500
const WINDOW = 1500

/** 1,000 watchers on one task that reports ten times a second. */
export default async function oneTask({ servers, rounds }) {
  const settings = { PAYLOAD: await samplePayload(servers) }
  const contestants = await Promise.all([
    contestant(servers, 'ours', servers.headway()),
    contestant(servers, 'plain Node', servers.peer('plain.js', settings)),
    contestant(servers, 'stock Transmit', servers.adonis(settings)),
    contestant(servers, 'better-sse', servers.peer('better_sse.js', settings)),
  ])
  // One round more, whose figures do not count.
  for (let round = -1; round < rounds; round++) {
    for (const each of rotated(contestants, round + 1)) {
      await each.begin()
      await delay(WARM_UP)
      each.figures[round] = await cpuPerFrame(each, WINDOW)
      await each.end()
    }
  }
  const [ours, ...peers] = contestants
  return peers.map(({ name, figures }) =>
    versus('1,000 watchers on one task: CPU a frame', 'µs', {
      ours: ours.figures,
      peer: name,
      theirs: figures,
      goal: name === 'plain Node' ? atMost(1) : better,
    })
  )
}

async function contestant(servers, name, starting) {
  const [server, load] = [await starting, await servers.load()]
  pin([server], [load])
  const channel = channelOf(randomUUID())
  const watchers = watchersOf(WATCHERS, () => channel)
  await load.call('watch', server, watchers)

  if (name !== 'ours') {
    const begin = () => server.call('begin', [channel], 100)
    return { name, server, load, figures: [], begin, end: () => server.call('end') }
  }
  const task = async () => {
    const id = randomUUID()
    const watching = watchers.map(({ uid }) => ({ uid, channel: channelOf(id) }))
    await load.call('subscribe', server, watching)
    await start(server, 'simulate', { steps: (WARM_UP + WINDOW) / 100 + 3, stepMs: 100 }, id)
  }
  return { name, server, load, figures: [], begin: task, end: () => delay(700) }
}
