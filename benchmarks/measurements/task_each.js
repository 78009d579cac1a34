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
 * One task a watcher. All servers that are compared work at the same time, so that they have the
 * same machine: for each size ours and its peers, then ours in all sizes. What is compared is their
 * own CPU time.
 */
export default async function taskEach({ servers, rounds, say }) {
  const fitting = SIZES.filter((size) => size + 300 <= openFiles())
  if (fitting.length < SIZES.length) {
    say(
      `Only ${openFiles()} files may be open here (ulimit -Hn): up to ${fitting.at(-1)} watchers.`
    )
  }
  const settings = { PAYLOAD: await samplePayload(servers) }
  const rows = []
  for (const size of fitting) {
    const [ours, stock, plain] = await measure(rounds, [
      headway(servers, size),
      peer(servers, size, 'stock Transmit', servers.adonis(settings)),
      peer(servers, size, 'plain Node', servers.peer('plain.js', settings)),
    ])
    rows.push(...rowsOf(size, ours, stock, plain))
  }
  const all = await measure(
    rounds,
    fitting.flatMap((size) => [
      headway(servers, size),
      peer(servers, size, 'plain Node', servers.peer('plain.js', settings)),
    ])
  )
  const [ours, plain] = ['Headway', 'plain Node'].map((name) =>
    all.filter((each) => each.name === name).map(perFrame)
  )
  return [...rows, ...flat(ours, plain)]
}

function rowsOf(size, ours, stock, plain) {
  const what = `one task a watcher, ${show(size)} watchers: CPU a`
  const row = (unit, per, mine, theirs, goal) =>
    versus(`${what} ${unit}`, 'µs', {
      ours: per(mine),
      theirs: per(theirs),
      peer: theirs.name,
      goal,
    })
  const besidePlain = row('frame', perFrame, ours, plain)
  if (size < SIZES.at(-1)) return [row('frame', perFrame, ours, stock), besidePlain]
  return [
    row('frame', perFrame, ours, stock, cheaperBy(8)),
    besidePlain,
    // Some of our frames repeat what was sent before; and the least that Node can need here.
    row('report, with what is repeated', perReport, ours, stock, cheaper),
    row('report, with what is repeated', perReport, ours, plain),
    row('frame, plain Node in place of ours', perFrame, plain, stock, cheaper),
  ]
}

/** How much dearer a frame is at the dearest size than at the cheapest, and what of it is Node's. */
function flat(ours, plain) {
  const what = '… flat: the dearest size beside the cheapest'
  const itself = (whose, bySize, goal) => {
    const [dearest, cheapest] = extremes(bySize)
    return versus(whose, 'µs', { ours: dearest, peer: 'itself', theirs: cheapest, goal })
  }
  return [
    itself(what, ours, atMost(1.25)),
    itself(`${what}, plain Node in place of ours`, plain),
    versus('… flat: this beside plain Node', '×', {
      ours: growth(ours),
      peer: 'plain Node',
      theirs: growth(plain),
      goal: atMost(1.25),
    }),
  ]
}

function extremes(bySize) {
  const sorted = bySize.toSorted((a, b) => median(a) - median(b))
  return [sorted.at(-1), sorted[0]]
}

function growth(bySize) {
  const [dearest, cheapest] = extremes(bySize)
  return dearest.map((figure, round) => figure / cheapest[round])
}

/** Lets all of them work, and gives each what it spent in each round. */
async function measure(rounds, starting) {
  const contestants = await Promise.all(starting)
  await Promise.all(contestants.map((each) => each.begin()))
  await delay(Math.max(...contestants.map(({ every }) => every)) + 1000)
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
  const watchers = watchersOf(size, (index) => channelOf(ids[index]))
  await load.call('watch', server, watchers)
  /** Milliseconds between two reports of a task. */
  const every = (size / FRAMES) * 1000
  return { ids, server, load, every, figures: [] }
}

const perFrame = ({ figures }) => figures.map(({ cpu, frames }) => cpu / frames)
const perReport = ({ figures }) => figures.map(({ cpu }) => cpu / ((FRAMES * WINDOW) / 1000))
