import { randomUUID } from 'node:crypto'
import { openFiles } from '#lib/machine'
import { spent } from '#lib/frames'
import { channelOf, samplePayload, watchersOf } from '#lib/tasks'
import { atMost, cheaper, cheaperBy, median, show, versus } from '#lib/figures'
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
    const what = `one task a watcher, ${show(size)} watchers: CPU a`
    const row = (unit, per, mine, theirs, goal) =>
      versus(`${what} ${unit}`, 'µs', {
        ours: per(mine),
        theirs: per(theirs),
        peer: theirs.name,
        goal,
      })
    const isLargest = size === SIZES.at(-1)
    rows.push(row('frame', perFrame, ours, stock, isLargest ? cheaperBy(8) : undefined))
    rows.push(row('frame', perFrame, ours, plain))
    if (isLargest) {
      // Some of our frames repeat what was sent before; and the least that Node can need here.
      rows.push(row('report, with what is repeated', perReport, ours, stock, cheaper))
      rows.push(row('report, with what is repeated', perReport, ours, plain))
      rows.push(row('frame, plain Node in place of ours', perFrame, plain, stock, cheaper))
    }
    bySize.push(perFrame(ours))
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
    watched(servers, 'Headway', servers.headway(), channels),
    watched(servers, 'stock Transmit', servers.adonis(settings), channels),
    watched(servers, 'plain Node', servers.peer('plain.js', settings), channels),
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
    const figures = await Promise.all(contestants.map((each) => spent(each, WINDOW)))
    contestants.forEach((each, index) => each.figures.push(figures[index]))
  }
  await Promise.all(contestants.flatMap(({ server, load }) => [server.stop(), load.stop()]))
  return { ours, stock, plain }
}

const perFrame = ({ figures }) => figures.map(({ cpu, frames }) => cpu / frames)
const perReport = ({ figures }) => figures.map(({ cpu }) => cpu / ((FRAMES * WINDOW) / 1000))

async function watched(servers, name, starting, channels) {
  const [server, load] = [await starting, await servers.load()]
  const watchers = watchersOf(channels.length, (index) => channels[index])
  await load.call('watch', server, watchers)
  return { name, server, load, figures: [] }
}
