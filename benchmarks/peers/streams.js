import http from 'node:http'

/**
 * Streams of plain Node: a set of responses a channel. `frameOf` gives what one gets that opens.
 * Gives a function that writes a frame to all of a channel. A lean one leaves out what a stream can
 * do without, as Headway does: chunks, and the response between a frame and its socket.
 */
export function serveStreams(frameOf, { isLean = false } = {}) {
  const watchers = new Map()
  const server = http.createServer((request, response) => {
    const channel = request.url.slice('/events/'.length)
    response.useChunkedEncodingByDefault = !isLean
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
      'Connection': 'keep-alive',
    })
    response.write('retry: 5000\n\n')
    let responses = watchers.get(channel)
    if (!responses) watchers.set(channel, (responses = new Set()))
    responses.add(response)
    // What a watcher that comes (back) must see.
    response.write(frameOf(channel))
    response.on('close', () => {
      responses.delete(response)
      if (responses.size === 0) watchers.delete(channel)
    })
  })
  server.listen(process.env.PORT, '127.0.0.1', () => process.send('ready'))
  return (channel, frame) => {
    for (const response of watchers.get(channel) ?? []) {
      if (isLean) response.socket.write(frame)
      else response.write(frame)
    }
  }
}
