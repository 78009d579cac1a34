import { setTimeout as delay } from 'node:timers/promises'

/** CPU of the server in microseconds a frame that its watchers got, over `milliseconds`. */
export async function cpuPerFrame(contestant, milliseconds) {
  const { cpu, frames } = await spent(contestant, milliseconds)
  return cpu / frames
}

/** CPU of the server in microseconds, and how many frames its watchers got, over `milliseconds`. */
export async function spent({ server, load }, milliseconds) {
  const before = { ...(await load.call('count')), cpu: server.cpu }
  await delay(milliseconds)
  const after = { ...(await load.call('count')), cpu: server.cpu }
  const frames = after.frames - before.frames
  if (frames === 0) throw new Error('no frames were delivered')
  return { cpu: (after.cpu - before.cpu) * 1e6, frames }
}

/** The same list, begun by another one each round, so that none always comes first. */
export function rotated(list, round) {
  const by = round % list.length
  return [...list.slice(by), ...list.slice(0, by)]
}
