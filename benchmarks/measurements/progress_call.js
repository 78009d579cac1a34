import { redis } from '#lib/machine'
import { randomUUID } from 'node:crypto'
import { cheaperBy, skipped, versus, within } from '#lib/figures'
import { channelOf, ended, samplePayload, start, watchersOf } from '#lib/tasks'

const CALLS = 1_000_000
/** Each is a round trip to Redis. */
const PEER_CALLS = 10_000

/** One `progress()` in a running task that has a watcher. */
export default async function progressCall({ servers, rounds }) {
  const what = 'one progress() call'
  const server = await servers.headway()
  const load = await servers.load()
  const bull = redis() && (await servers.bullmq({ PAYLOAD: await samplePayload(servers) }))
  const ours = []
  const theirs = []
  for (let round = -1; round < rounds; round++) {
    const id = randomUUID()
    await load.call(
      'watch',
      server,
      watchersOf(1, () => channelOf(id))
    )
    await start(server, 'bench-calls', { calls: CALLS }, id)
    const { result } = await ended(server, id, 500)
    ours[round] = result
    if (bull) theirs[round] = await bull.web.call('result', 'calls', { calls: PEER_CALLS })
  }
  const times = ours.map(({ time }) => time)
  const rows = [within(`${what}: time, 1,000,000 calls`, 'µs', times, 0.5)]
  if (!bull) return [...rows, skipped(what, 'BullMQ', 'there is no redis-server here')]
  const peer = 'BullMQ updateProgress'
  const cpu = (results) => results.map((result) => result.cpu)
  return [
    ...rows,
    versus(`${what}: time`, 'µs', {
      ours: times,
      peer,
      theirs: theirs.map(({ time }) => time),
      goal: cheaperBy(500),
    }),
    versus(`${what}: CPU (without that of Redis)`, 'µs', {
      ours: cpu(ours),
      peer,
      theirs: cpu(theirs),
    }),
  ]
}
