import { randomUUID } from 'node:crypto'
import { openFiles, pin } from '#lib/machine'
import { spent } from '#lib/frames'
import { channelOf, samplePayload, watchersOf } from '#lib/tasks'
import { atMost, cheaper, cheaperBy, median, show, versus } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'

const SIZES = [200, 1000, 5000, 9500]
/** All tasks together, at every size: a second. */
const FRAMES = 1000
const WINDOW = 3000
/** Milliseconds not counted: meanwhile V8 compiles, and collects what starting has left. */
const WARM_UP = 10_000
/**
 * How often what must be reached is started anew: two processes of the same code, side by side, differ
 * by up to 6 % for as long as they live.
 */
const STARTS = 3
const PLAIN = 'plain Node'
const STORING = 'plain Node that stores'

/**
 * One task a watcher. What is compared works at the same time, so that it has the same machine, and
 * nothing else does: each more server takes of the caches, most from who needs least. For each size
 * ours beside stock Transmit, then beside plain Node; at last ours in all sizes, and so those of plain
 * Node. What is compared is their own CPU time.
 */
export default async function taskEach({ servers, rounds, say }) {
  const fitting = SIZES.filter((size) => size + 300 <= openFiles())
  if (fitting.length < SIZES.length) {
    say(
      `Only ${openFiles()} files may be open here (ulimit -Hn): up to ${fitting.at(-1)} watchers.`
    )
  }
  const settings = { PAYLOAD: await samplePayload(servers) }
  say(
    `flat of ours, and ${show(SIZES.at(-1))} watchers beside stock Transmit: ` +
      `${STARTS} starts of ${rounds} rounds each`
  )
  const rows = []
  for (const size of fitting) {
    const withStock = await measure(rounds, size === SIZES.at(-1) ? STARTS : 1, () => [
      headway(servers, size),
      peer(servers, size, 'stock Transmit', servers.adonis(settings)),
    ])
    const withPlain = await measure(rounds, 1, () => [
      headway(servers, size),
      plain(servers, size, settings),
      storing(servers, size, settings),
    ])
    rows.push(...rowsOf(size, withStock, withPlain))
  }
  const inAllSizes = async (contestant, starts) => {
    const start = () => fitting.map((size) => contestant(servers, size, settings))
    return (await measure(rounds, starts, start)).map(perFrame)
  }
  const bounds = [await inAllSizes(plain, 1), await inAllSizes(storing, 1)]
  return [...rows, ...flat(await inAllSizes(headway, STARTS), ...bounds)]
}

/** What it takes to send alone, written as usual. */
function plain(servers, size, settings) {
  return peer(servers, size, PLAIN, servers.peer('plain.js', settings))
}

/** What it takes to send what is stored, as lean as it can be. */
function storing(servers, size, settings) {
  return peer(servers, size, STORING, servers.storing(settings))
}

function rowsOf(size, [ours, stock], [again, ...bounds]) {
  const what = `one task a watcher, ${show(size)} watchers: CPU a`
  const row = (unit, per, mine, theirs, goal) =>
    versus(`${what} ${unit}`, 'µs', {
      ours: per(mine),
      theirs: per(theirs),
      peer: theirs.name,
      goal,
    })
  const beside = bounds.map((theirs) => row('frame', perFrame, again, theirs))
  if (size < SIZES.at(-1)) return [row('frame', perFrame, ours, stock), ...beside]
  return [
    row('frame', perFrame, ours, stock, cheaperBy(8)),
    ...beside,
    // Some of our frames repeat what was sent before.
    row('report, with what is repeated', perReport, ours, stock, cheaper),
    row('report, with what is repeated', perReport, again, bounds[0]),
  ]
}

/** How much dearer a frame is at the dearest size than at the cheapest, and what of it is Node's. */
function flat(ours, ...bounds) {
  const what = '… flat: the dearest size beside the cheapest'
  const itself = (whose, bySize, goal) => {
    const [dearest, cheapest] = extremes(bySize)
    return versus(whose, 'µs', { ours: dearest, peer: 'itself', theirs: cheapest, goal })
  }
  return [
    itself(what, ours, atMost(1.25)),
    ...[PLAIN, STORING].map((name, index) =>
      itself(`${what}, ${name} in place of ours`, bounds[index])
    ),
  ]
}

function extremes(bySize) {
  const sorted = bySize.toSorted((a, b) => median(a) - median(b))
  return [sorted.at(-1), sorted[0]]
}

/** Starts all of them and lets them work, `starts` times; gives each what it spent in each round. */
async function measure(rounds, starts, start) {
  const all = []
  while (all.length < starts) all.push(await measureOnce(rounds, start()))
  return all[0].map(({ name }, index) => ({
    name,
    figures: all.flatMap((contestants) => contestants[index].figures),
  }))
}

async function measureOnce(rounds, starting) {
  const contestants = await Promise.all(starting)
  await Promise.all(contestants.map((each) => each.begin()))
  await delay(WARM_UP)
  for (let round = 0; round < rounds; round++) {
    const figures = await Promise.all(contestants.map((each) => spent(each, WINDOW)))
    contestants.forEach((each, index) => each.figures.push(figures[index]))
  }
  await Promise.all(contestants.flatMap(({ server, load }) => [server.stop(), load.stop()]))
  return contestants
}

async function headway(servers, size) {
  const { ids, ...each } = await watched(servers, size, servers.headway())
  const { server, load, every } = each
  const input = { steps: 1_000_000, stepMs: every }
  const bodies = ids.map((id) => ({ id, type: 'simulate', input }))
  const begin = () => load.call('post', `${server.url}/tasks`, bodies, every)
  return { ...each, name: 'Headway', begin }
}

async function peer(servers, size, name, starting) {
  const { ids, ...each } = await watched(servers, size, starting)
  const begin = () => each.server.call('begin', ids.map(channelOf), each.every)
  return { ...each, name, begin }
}

async function watched(servers, size, starting) {
  const ids = Array.from({ length: size }, () => randomUUID())
  const [server, load] = [await starting, await servers.load()]
  pin([server], [load])
  const watchers = watchersOf(size, (index) => channelOf(ids[index]))
  await load.call('watch', server, watchers)
  /** Milliseconds between two reports of a task. */
  const every = (size / FRAMES) * 1000
  return { ids, server, load, every, figures: [] }
}

const perFrame = ({ figures }) => figures.map(({ cpu, frames }) => cpu / frames)
const perReport = ({ figures }) => figures.map(({ cpu }) => cpu / ((FRAMES * WINDOW) / 1000))
