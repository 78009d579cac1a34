/*
| Plain Node: `res.write` of a frame that was made before. PAYLOAD is the snapshot as Headway
| serialises it.
*/

import { ticking } from './ticker.js'
import { serveStreams } from './streams.js'

const { PAYLOAD } = process.env
const frames = new Map()

/** The bytes that Headway's watchers get, for this channel. */
function frameOf(channel) {
  let frame = frames.get(channel)
  if (!frame) {
    frame = `data: {"channel":"${channel}","payload":${PAYLOAD}}\n\n`
    frames.set(channel, frame)
  }
  return frame
}

const write = serveStreams(frameOf)
ticking((channel) => write(channel, frames.get(channel)))
