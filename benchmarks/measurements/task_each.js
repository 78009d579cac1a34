import { randomUUID } from 'node:crypto'
import { openFiles } from '#lib/machine'
import { cpuPerFrame } from '#lib/frames'
import { channelOf, samplePayload, watchersOf } from '#lib/tasks'
import { atMost, cheaperBy, median, show, versus } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'

const SIZES = [200, 1000, 5000, 9500]
/** All tasks together, at every size: a second. */
const FRAMES = 1000
const WINDOW = 3000

/**
 * One task a watcher. All servers work at the same time, so that they have the same machine; what
 * is compared is their own CPU time.
 */
export default async function taskEach({ servers, rounds, say }) {
  const fitting = SIZES.filter((size) => size + 300 <= openFiles())
  if (fitting.length < SIZES.length) {
    say(
      `Only ${openFiles()} files may be open here (ulimit -Hn): up to ${fitting.at(-1)} watchers.`
    )
  }
  const payload = await samplePayload(servers)
  const rows = []
  const bySize = []
  for (const size of fitting) {
    const { ours, stock, plain } = await measure(servers, { size, rounds, payload })
    const what = `one task a watcher, ${show(size)} watchers: CPU a frame`
    const goal = size === SIZES.at(-1) ? cheaperBy(8) : undefined
    rows.push(versus(what, 'µs', { ours, peer: 'stock Transmit', theirs: stock, goal }))
    rows.push(versus(what, 'µs', { ours, peer: 'plain Node', theirs: plain }))
    bySize.push(ours)
  }
  const dearest = bySize.toSorted((a, b) => median(b) - median(a))[0]
  const cheapest = bySize.toSorted((a, b) => median(a) - median(b))[0]
  rows.push(
    versus('… flat: the dearest size beside the cheapest', 'µs', {
      ours: dearest,
      peer: 'itself',
      theirs: cheapest,
      goal: atMost(1.25),
    })
  )
  return rows
}

async function measure(servers, { size, rounds, payload }) {
  const every = (size / FRAMES) * 1000
  const settings = { PAYLOAD: payload }
  const ids = Array.from({ length: size }, () => randomUUID())
  const channels = ids.map(channelOf)
  const contestants = await Promise.all([
    watched(servers, servers.headway(), channels),
    watched(servers, servers.adonis(settings), channels),
    watched(servers, servers.peer('plain.js', settings), channels),
  ])
  const [ours, stock, plain] = contestants
  const input = { steps: 1_000_000, stepMs: every }
  const bodies = ids.map((id) => ({ id, type: 'simulate', input }))
  await Promise.all([
    ours.load.call('post', `${ours.server.url}/tasks`, bodies, every),
    stock.server.call('begin', channels, every),
    plain.server.call('begin', channels, every),
  ])
  await delay(every + 1000)

  for (let round = 0; round < rounds; round++) {
    const figures = await Promise.all(contestants.map((each) => cpuPerFrame(each, WINDOW)))
    contestants.forEach((each, index) => each.figures.push(figures[index]))
  }
  await Promise.all(contestants.flatMap(({ server, load }) => [server.stop(), load.stop()]))
  return { ours: ours.figures, stock: stock.figures, plain: plain.figures }
}

async function watched(servers, starting, channels) {
  const [server, load] = [await starting, await servers.load()]
  const watchers = watchersOf(channels.length, (index) => channels[index])
  await load.call('watch', server, watchers)
  return { server, load, figures: [] }
}
