import type { Cut } from '#engine/cut'
import { channelOf } from '#engine/snapshot'

/** One message on one channel, serialised once for all who watch it. */
export interface Frame {
  /** Orders the frames of a channel. */
  readonly version: number
  /** As it goes over the wire: a whole SSE event. */
  readonly text: string
}

const frames = new WeakMap<Cut, Frame>()

/** The cut as Transmit's clients expect it: `{channel, payload}` in one `data` line. */
export function transmitFrame(cut: Cut): Frame {
  let frame = frames.get(cut)
  if (!frame) {
    const text = `data: {"channel":"${channelOf(cut.id)}","payload":${cut.json}}\n\n`
    frame = { version: cut.version, text }
    frames.set(cut, frame)
  }
  return frame
}
