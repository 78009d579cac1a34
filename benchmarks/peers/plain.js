/*
| Plain Node: `res.write` of a frame that was made before. PAYLOAD is the snapshot as Headway
| serialises it.
*/

import { ticking } from './ticker.js'
import { serveStreams } from './streams.js'

const frames = new Map()

/** The bytes that Headway's watchers get, for this channel. */
function frameOf(channel) {
  const frame = `data: {"channel":"${channel}","payload":${process.env.PAYLOAD}}\n\n`
  if (!frames.has(channel)) frames.set(channel, frame)
  return frames.get(channel)
}

const write = serveStreams(frameOf)
ticking((channel) => write(channel, frames.get(channel)))
