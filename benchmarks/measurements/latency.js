import { redis } from '#lib/machine'
import { randomUUID } from 'node:crypto'
import { rotated } from '#lib/frames'
import { better, skipped, versus, within } from '#lib/figures'
import { setTimeout as delay } from 'node:timers/promises'
import { channelOf, samplePayload, watchersOf } from '#lib/tasks'

const TASKS = 1000
/** Milliseconds. */
const INTERVAL = 100
const WARM_UP = 1000
/** After which all tasks should have been started; doubled where they haven't. */
const LEAD = 3000
const WINDOW = 4000
const REPORTS = (WARM_UP + WINDOW) / INTERVAL + 5

/** From the report in the task to the frame at its watcher: 1,000 tasks that report every 100 ms. */
export default async function latency({ servers, rounds, say }) {
  const bull = redis() && (await servers.bullmq({ PAYLOAD: await samplePayload(servers) }))
  const ours = await contestant(
    servers,
    await servers.headway(),
    async ({ load, server }, jobs) => {
      const bodies = jobs.map(({ id, data }) => ({ id, type: 'bench-clock', input: data }))
      await load.call('post', `${server.url}/tasks`, bodies)
    }
  )
  const peer =
    bull &&
    (await contestant(
      servers,
      bull.web,
      ({ server }, jobs) => server.call('add', jobs),
      (id) => id
    ))

  for (let round = -1; round < rounds; round++) {
    for (const each of rotated(peer ? [ours, peer] : [ours], round + 1)) {
      each.figures[round] = await measure(each, round)
    }
  }
  const due = (rounds * TASKS * WINDOW) / INTERVAL
  const delivered = ({ frames }) => `${Math.round((frames / due) * 100)} %`
  say(
    `latency: ours delivered ${delivered(ours)} of the reports${peer ? `, BullMQ ${delivered(peer)}` : ''}`
  )
  const of = (each, name) => each.figures.map((figure) => figure[name])
  const what = 'report → watcher, 1,000 live tasks, ten reports a second each'
  const rows = [
    within(`${what}: p50`, 'ms', of(ours, 'p50'), 5),
    within(`${what}: p99`, 'ms', of(ours, 'p99'), 60),
  ]
  if (!peer) return [...rows, skipped(what, 'BullMQ', 'there is no redis-server here')]
  const beside = (name) => ({
    ours: of(ours, name),
    peer: 'BullMQ, QueueEvents, SSE',
    theirs: of(peer, name),
    goal: better,
  })
  return [
    ...rows,
    versus(`${what}: p50`, 'ms', beside('p50')),
    versus(`${what}: p99`, 'ms', beside('p99')),
  ]
}

async function contestant(servers, server, begin, channel = channelOf) {
  return { server, begin, channel, load: await servers.load(), lead: LEAD, figures: [] }
}

async function measure(each, round) {
  const ids = Array.from({ length: TASKS }, () => randomUUID())
  const watchers = watchersOf(TASKS, (index) => each.channel(ids[index]))
  await each.load.call('watch', each.server, watchers)
  const begin = Date.now() + each.lead
  const jobs = ids.map((id, index) => ({
    id,
    name: 'clock',
    data: { begin: begin + (index / TASKS) * INTERVAL, reports: REPORTS },
  }))
  await each.begin(each, jobs)
  const late = Date.now() - begin
  if (late > 0) {
    // A slow machine: these run to their end uncounted.
    await delay((REPORTS + 10) * INTERVAL)
    await each.load.call('cut')
    each.lead *= 2
    if (each.lead > 60_000) throw new Error(`the tasks were started ${late} ms too late`)
    return measure(each, round)
  }
  await delay(-late + WARM_UP)
  await each.load.call('timeFrames')
  await delay(WINDOW)
  const figure = await each.load.call('latencies')
  each.frames = (each.frames ?? 0) + (round < 0 ? 0 : figure.frames)
  // What is late is still to come.
  await delay(1000)
  await each.load.call('cut')
  return figure
}
