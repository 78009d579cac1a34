/*
| better-sse as its guide on channels shows it.
*/

import http from 'node:http'
import { createChannel, createSession } from 'better-sse'
import { ticking } from './ticker.js'

const payload = JSON.parse(process.env.PAYLOAD)
const channels = new Map()

const server = http.createServer(async (request, response) => {
  const name = request.url.slice('/events/'.length)
  if (!channels.has(name)) channels.set(name, createChannel())
  const session = await createSession(request, response)
  channels.get(name).register(session)
})

ticking((name) => channels.get(name)?.broadcast({ channel: name, payload }))
server.listen(process.env.PORT, '127.0.0.1', () => process.send('ready'))
