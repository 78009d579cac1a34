/*
| Plain Node: a set of responses a channel, and `res.write` of a frame that was made before.
| PAYLOAD is the snapshot as Headway serialises it.
*/

import http from 'node:http'
import { ticking } from './ticker.js'

const watchers = new Map()
const frames = new Map()

/** The bytes that Headway's watchers get, for this channel. */
function frameOf(channel) {
  return `data: {"channel":"${channel}","payload":${process.env.PAYLOAD}}\n\n`
}

const server = http.createServer((request, response) => {
  const channel = request.url.slice('/events/'.length)
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'Connection': 'keep-alive',
  })
  response.write('retry: 5000\n\n')
  let responses = watchers.get(channel)
  if (!responses) watchers.set(channel, (responses = new Set()))
  if (!frames.has(channel)) frames.set(channel, frameOf(channel))
  responses.add(response)
  // What a watcher that comes (back) must see.
  response.write(frames.get(channel))
  response.on('close', () => {
    responses.delete(response)
    if (responses.size === 0) watchers.delete(channel)
  })
})

ticking((channel) => {
  const frame = frames.get(channel)
  for (const response of watchers.get(channel) ?? []) response.write(frame)
})
server.listen(process.env.PORT, '127.0.0.1', () => process.send('ready'))
